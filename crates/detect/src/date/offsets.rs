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
pub(super) fn parse(text: &[u8]) -> Offset {
    let split = text.iter().position(|byte| matches!(byte, b'+' | b'-')).unwrap_or(text.len());
    let (name, offset) = text.split_at(split);
    match (abbreviation(name), minutes(offset)) {
        (Some(base), Some(more)) => Offset::Minutes(base + more),
        _ => Offset::Unknown,
    }
}

fn abbreviation(name: &[u8]) -> Option<i16> {
    if matches!(name, b"" | b"Z" | b"UTC" | b"GMT") {
        return Some(0);
    }
    let means = |names: &&str| names.split(' ').any(|known| known.as_bytes() == name);
    ABBREVIATIONS.iter().find(|(_, names)| means(names)).map(|(minutes, _)| *minutes)
}

/// `""`, `+hh`, `+hhmm`, `+hh:mm`.
fn minutes(text: &[u8]) -> Option<i16> {
    let two = |tens: u8, ones: u8| {
        (tens.is_ascii_digit() && ones.is_ascii_digit())
            .then(|| i16::from(tens - b'0') * 10 + i16::from(ones - b'0'))
    };
    let (sign, minutes) = match *text {
        [] => return Some(0),
        [sign, a, b] => (sign, two(a, b)? * 60),
        [sign, a, b, c, d] | [sign, a, b, b':', c, d] => (sign, two(a, b)? * 60 + two(c, d)?),
        _ => return None,
    };
    Some(if sign == b'-' { -minutes } else { minutes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_offsets_add_up() {
        assert_eq!(parse(b"Z"), Offset::Minutes(0));
        assert_eq!(parse(b"CEST"), Offset::Minutes(120));
        assert_eq!(parse(b"+02"), Offset::Minutes(120));
        assert_eq!(parse(b"-0330"), Offset::Minutes(-210));
        assert_eq!(parse(b"-03:30"), Offset::Minutes(-210));
        assert_eq!(parse(b"CET+0100"), Offset::Minutes(120));
        assert_eq!(parse(b"NPT"), Offset::Minutes(345));
    }

    #[test]
    fn what_nobody_knows_is_unknown() {
        for text in ["XYZ", "utc", "+2", "+02-00", "+ab", "é+0200"] {
            assert_eq!(parse(text.as_bytes()), Offset::Unknown, "{text}");
        }
    }
}
