//! Names in the kernel, derived from jail names, which are free text.

use ipnet::IpNet;

/// The only table that is ever touched.
pub(crate) const TABLE: &str = "palisade";
/// Where packets come in.
pub(crate) const BASE_CHAIN: &str = "prerouting";
/// What `Verdict::Reject` jumps to.
pub(crate) const REFUSE_CHAIN: &str = "refuse";

/// Long enough for any name that people type; old kernels allow 31 bytes for a whole name with its ending.
const LONGEST: usize = 20;
const HASH_DIGITS: usize = 8;

/// A family and a prefix length: one set each, so that networks which overlap never meet in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Prefix {
    V4(u8),
    V6(u8),
}

impl Prefix {
    pub(crate) const SINGLE: [Prefix; 2] = [Prefix::V4(32), Prefix::V6(128)];

    pub(crate) fn of(net: &IpNet) -> Prefix {
        match net {
            IpNet::V4(net) => Prefix::V4(net.prefix_len()),
            IpNet::V6(net) => Prefix::V6(net.prefix_len()),
        }
    }

    /// Of an address, in bytes.
    pub(crate) fn key_length(self) -> usize {
        match self {
            Prefix::V4(_) => 4,
            Prefix::V6(_) => 16,
        }
    }

    /// The netmask; `None` where it would keep every bit.
    pub(crate) fn mask(self) -> Option<Vec<u8>> {
        let (Prefix::V4(length) | Prefix::V6(length)) = self;
        let kept = |byte: usize| usize::from(length).saturating_sub(8 * byte).min(8);
        let mask = (0..self.key_length()).map(|byte| (0xff00_u16 >> kept(byte)) as u8);
        (usize::from(length) < 8 * self.key_length()).then(|| mask.collect())
    }

    fn ending(self) -> String {
        match self {
            Prefix::V4(32) => "_ip4".to_owned(),
            Prefix::V6(128) => "_ip6".to_owned(),
            Prefix::V4(length) => format!("_ip4_{length}"),
            Prefix::V6(length) => format!("_ip6_{length}"),
        }
    }
}

/// What nft accepts as an identifier without quotes, the same for a jail in every version. What cannot stand as it is
/// gets a hash of the whole name, and so does a name that looks as if it had one.
pub(crate) fn identifier(jail: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let fits = jail.len() <= LONGEST
        && jail.starts_with(|c: char| c.is_ascii_alphabetic())
        && jail.chars().all(plain);
    if fits && !looks_hashed(jail) {
        return jail.to_owned();
    }
    let kept: String = jail.chars().filter(|c| plain(*c)).take(LONGEST - HASH_DIGITS - 2).collect();
    let hash = fnv1a(jail.as_bytes());
    format!("j{kept}-{:0width$x}", (hash >> 32) as u32 ^ hash as u32, width = HASH_DIGITS)
}

fn looks_hashed(jail: &str) -> bool {
    jail.rsplit_once('-')
        .is_some_and(|(_, end)| end.len() == HASH_DIGITS && end.chars().all(|c| c.is_ascii_hexdigit()))
}

/// FNV-1a: the standard library's hashes may change between versions, names in the kernel may not.
pub(crate) fn fnv1a(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3))
}

pub(crate) fn set(identifier: &str, prefix: Prefix) -> String {
    identifier.to_owned() + &prefix.ending()
}

pub(crate) fn chain(identifier: &str) -> String {
    format!("jail_{identifier}")
}

/// The prefix that a set of this jail holds; `None` if the set is not this jail's.
pub(crate) fn prefix_of_set(identifier: &str, set_name: &str) -> Option<Prefix> {
    let ending = set_name.strip_prefix(identifier)?;
    let (family, length) =
        ending.strip_prefix('_')?.split_once('_').map_or((ending.get(1..)?, None), |(f, l)| (f, Some(l)));
    let length = length.map(str::parse::<u8>).transpose().ok()?;
    let prefix = match family {
        "ip4" => Prefix::V4(length.unwrap_or(32)),
        "ip6" => Prefix::V6(length.unwrap_or(128)),
        _ => return None,
    };
    let possible = usize::from(length.unwrap_or(0)) < 8 * prefix.key_length();
    (possible && prefix.ending() == ending).then_some(prefix)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn common_names_stay_as_they_are() {
        for name in ["sshd", "nginx-http-auth", "apache_auth", "recidive"] {
            assert_eq!(identifier(name), name);
        }
    }

    #[test]
    fn a_name_that_imitates_a_hashed_one_does_not_get_its_sets() {
        let odd = identifier("my jail/ü");
        assert_ne!(identifier(&odd), odd);
    }

    #[test]
    fn masks_keep_the_leading_bits() {
        assert_eq!(Prefix::V4(32).mask(), None);
        assert_eq!(Prefix::V6(128).mask(), None);
        assert_eq!(Prefix::V4(0).mask(), Some(vec![0; 4]));
        assert_eq!(Prefix::V4(12).mask(), Some(vec![255, 240, 0, 0]));
        let sixty_four = [[255_u8; 8], [0; 8]].concat();
        assert_eq!(Prefix::V6(64).mask(), Some(sixty_four));
    }

    proptest! {
        #[test]
        fn every_name_gives_an_identifier_that_nft_accepts(jail in any::<String>()) {
            let name = set(&identifier(&jail), Prefix::V6(127));
            prop_assert!(name.len() <= 31);
            prop_assert!(name.starts_with(|c: char| c.is_ascii_alphabetic()));
            prop_assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'));
        }

        #[test]
        fn a_set_name_gives_its_prefix_back(jail in "[a-z_0-9]{0,8}", length in 0_u8..=128, other in "[a-z_0-9]{0,8}") {
            let name = identifier(&jail);
            for prefix in [Prefix::V4(length.min(32)), Prefix::V6(length)] {
                prop_assert_eq!(prefix_of_set(&name, &set(&name, prefix)), Some(prefix));
                if other != jail {
                    prop_assert_eq!(prefix_of_set(&identifier(&other), &set(&name, prefix)), None);
                }
            }
        }
    }
}
