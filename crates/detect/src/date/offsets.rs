//! Zone abbreviations and offsets: fixed, as Fail2Ban takes them. `CET` is +1 in summer too.

use super::fields::Offset;

/// Minutes east of UTC, and the abbreviations that mean it.
const ABBREVIATIONS: &[(i16, &str)] = &[
    (-720, "Y"),
    (-660, "X NUT SST"),
    (-600, "W CKT HAST HST TAHT TKT"),
    (-570, "MART MIT"),
    (-540, "V AKST GAMT GIT HADT HNY"),
    (-480, "U AKDT CIST HAY HNP PST PT"),
    (-420, "T HAP HNR MST PDT"),
    (-360, "S CST EAST GALT HAR HNC MDT"),
    (-300, "R CDT COT EASST ECT EST ET HAC HNE PET"),
    (-270, "HLV VET"),
    (-240, "Q AST BOT CLT COST EDT FKT GYT HAE HNA PYT"),
    (-210, "HNT NST NT"),
    (-180, "P ADT ART BRT CLST FKST GFT HAA PMST PYST SRT UYT WGT"),
    (-150, "HAT NDT"),
    (-120, "O BRST FNT PMDT UYST WGST"),
    (-60, "N AZOT CVT EGT"),
    (0, "Z EGST GMT UTC WET WT"),
    (60, "A CET DFT WAT WEDT WEST"),
    (120, "B CAT CEDT CEST EET SAST WAST"),
    (180, "C EAT EEDT EEST IDT MSK"),
    (210, "IRST"),
    (240, "D AMT AZT GET GST KUYT MSD MUT RET SAMT SCT"),
    (270, "AFT IRDT"),
    (300, "E AMST AQTT AZST HMT MAWT MVT PKT TFT TJT TMT UZT YEKT"),
    (330, "SLT"),
    (345, "NPT"),
    (360, "F ALMT BIOT BTT IOT KGT NOVT OMST YEKST"),
    (390, "CCT MMT"),
    (420, "G CXT DAVT HOVT ICT KRAT NOVST OMSST THA WIB"),
    (480, "H ACT AWST BDT BNT CAST HKT IRKT KRAST MYT PHT SGT ULAT WITA WST"),
    (540, "I AWDT IRKST JST KST PWT TLT WDT WIT YAKT"),
    (570, "ACST"),
    (600, "K AEST PGT VLAT YAKST YAPT"),
    (630, "ACDT LHST"),
    (660, "L AEDT LHDT MAGT NCT PONT SBT VLAST VUT"),
    (690, "NFT"),
    (720, "M ANAST ANAT FJT GILT MAGST MHT NZST PETST PETT TVT WFT"),
    (780, "FJST NZDT"),
];

/// Reads `Z`, `UTC`, `CEST`, `+02`, `+0200`, `-03:30`, `UTC+0200`. Upper case only.
pub(super) fn parse(text: &str) -> Offset {
    let split = text.find(['+', '-']).unwrap_or(text.len());
    let (name, offset) = text.split_at(split);
    match (abbreviation(name), minutes(offset)) {
        (Some(base), Some(more)) => Offset::Minutes(base + more),
        _ => Offset::Unknown,
    }
}

fn abbreviation(name: &str) -> Option<i16> {
    if name.is_empty() {
        return Some(0);
    }
    ABBREVIATIONS
        .iter()
        .find(|(_, names)| names.split(' ').any(|known| known == name))
        .map(|(minutes, _)| *minutes)
}

/// `""`, `+hh`, `+hhmm`, `+hh:mm`.
fn minutes(text: &str) -> Option<i16> {
    let Some(sign) = text.bytes().next() else { return Some(0) };
    let sign = if sign == b'-' { -1 } else { 1 };
    let two = |at: usize| text.get(at..at + 2)?.parse::<u8>().ok().map(i16::from);
    let minute_at = match text.len() {
        3 => return Some(sign * two(1)? * 60),
        5 => 3,
        6 if text.as_bytes()[3] == b':' => 4,
        _ => return None,
    };
    Some(sign * (two(1)? * 60 + two(minute_at)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_offsets_add_up() {
        assert_eq!(parse("Z"), Offset::Minutes(0));
        assert_eq!(parse("CEST"), Offset::Minutes(120));
        assert_eq!(parse("+02"), Offset::Minutes(120));
        assert_eq!(parse("-0330"), Offset::Minutes(-210));
        assert_eq!(parse("-03:30"), Offset::Minutes(-210));
        assert_eq!(parse("CET+0100"), Offset::Minutes(120));
        assert_eq!(parse("NPT"), Offset::Minutes(345));
    }

    #[test]
    fn what_nobody_knows_is_unknown() {
        for text in ["XYZ", "utc", "+2", "+02-00", "+ab", "é+0200"] {
            assert_eq!(parse(text), Offset::Unknown, "{text}");
        }
    }
}
