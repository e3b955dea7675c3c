//! Tells a stock ban action from one that somebody changed: by the digest of what its files say, comments, layout and
//! plain parameters aside.

use sha2::{Digest as _, Sha256};

use crate::layers::Config;

/// Options that say where and how a stock ban action blocks, but not that it does something else.
const PARAMETERS: [&str; 28] = [
    "actiontype",
    "actname",
    "actionrepair_on_unban",
    "actionstart_on_demand",
    "addr_options",
    "bantime",
    "blocktype",
    "chain",
    "chain_hook",
    "chain_priority",
    "chain_type",
    "iptables",
    "ipsettime",
    "lockingopt",
    "name",
    "nftables",
    "norestored",
    "port",
    "protocol",
    "rejecttype",
    "returntype",
    "service",
    "table",
    "table_family",
    "timeout",
    "type",
    "zone",
    "known/blocktype",
];

/// What the files of each stock ban action say in Fail2Ban 0.11.2, 1.0.2, 1.1.0 and 1.1.1, as Debian 11 to 14
/// have them.
const KNOWN: [(&str, &str); 75] = [
    ("apf", "1cd89a20ed87e220008db1bd7fa987f16095c765e5da0e600ea08c3f7033b0ee"),
    ("bsd-ipfw", "82cf98c22ed1c4a686172c74be4cd22f6146f4db83057271bcd72614eb4b27c3"),
    ("firewallcmd-allports", "894bdba5a25ff9ede66a006ad20abc893811cb82b0c735c5960b24abfca655d2"),
    ("firewallcmd-ipset", "206b4d9c8cc580d27c9971e6d95b45b29726aa3838f2c6f071a030266fc3a34b"),
    ("firewallcmd-ipset", "26bb2b071dabe9b0a39f3f14333e459a26f62896e05d6950e067f9f87fcc169e"),
    ("firewallcmd-ipset", "26f35d7b1d0345639bc3f6851b2dc728f804341c0cd5d9775fd46af39d70f54c"),
    ("firewallcmd-ipset", "e78add1e7a802106d0fc51952455b1b035b4014df02f6ef4ff05b1ca1fc12064"),
    ("firewallcmd-multiport", "2002ae23d98042638a3c0a89b5007bbe7d9e3fd1ca36165ebc01c7a4350a1e18"),
    ("firewallcmd-multiport", "edbca2da0d402e59f591789c008505cbcf2da00f85c393d352cce4c83cb0b7b4"),
    ("firewallcmd-new", "0f2c052cee066d96d02b734bc4abb34bc1e9884c45ee6e0b930c594a1937629a"),
    ("firewallcmd-new", "418d9376ac405aafb412782ef653c723d13f5e70fd02e9e5bfec68602e55834d"),
    ("firewallcmd-rich-logging", "4674d8362e316b51c6811d8845352c155d93cafff72a31edd94ec5a8eb7e8b08"),
    ("firewallcmd-rich-logging", "a420fc627d162881a2ce4e63b3392da1a324e465efd1b135589057fcc0e8b628"),
    ("firewallcmd-rich-logging", "eece71598115476dc75641c83dbecb629b6f219c1665faa181ce8332a0a70776"),
    ("firewallcmd-rich-rules", "24d67a7596e57c8640bf5376ad06c47fcb1a91dcad2e56af18a328112e115cb9"),
    ("firewallcmd-rich-rules", "75ad5df9cff66d4e5d1f3a00fdc8a668aa9c174f80018542059b9b81c13442f9"),
    ("firewallcmd-rich-rules", "d91aaa122cd2b11e84ebc6bdacb0476679f43855a6cc5cb2ee2589be6518f4d2"),
    ("hostsdeny", "1b94af4713cf5e135298b3e6592766b424140d672c8a141d7708c48163b29d63"),
    ("ipfilter", "263eb535027d1053648342e2351297058c18908a48d7aad31e7485ed51933f80"),
    ("ipfw", "91fc6eaae459fdf86c1343b49d5500ce6043b328332eddc424e612a3776e7701"),
    ("iptables", "6d424c56be259885ecad568bf1bb5c12b59d007a4aa78de170bc3469c580e597"),
    ("iptables", "7b62a67209c6dcecc7421898f42a859b42237f656ce03e870e396bd0d208f547"),
    ("iptables", "8dfd2e36608ee0f79db394f10fd9a4f47b3a41499ac2fcab536aaefc56b13e14"),
    ("iptables-allports", "6d424c56be259885ecad568bf1bb5c12b59d007a4aa78de170bc3469c580e597"),
    ("iptables-allports", "7b62a67209c6dcecc7421898f42a859b42237f656ce03e870e396bd0d208f547"),
    ("iptables-allports", "985f799e20b193034332b6760b18f7e5af998d83d1b98dfdcdf8d6d4b87eb490"),
    ("iptables-common", "8757cc45b8ae645127907438d8dd7b47d551c4bd1e340e037eff5243917378d7"),
    ("iptables-ipset", "8946bb91d0d30189dfea648332483c4c570b910d2d3b40fd395dc36986dfed5b"),
    ("iptables-ipset", "a4fce98b08a47de7e971823af49d39c899ecb45e0f6d703a56026f6b7f74055f"),
    ("iptables-ipset", "a7324b31b258ee482362e31238de9ee68616cf4bfc9218969ed41de7f2cd5029"),
    ("iptables-ipset-proto4", "04f2683cb17d11a2faf556758bf1cbfe5b8b26a3abb0170442205ed7757ed008"),
    ("iptables-ipset-proto4", "57ee772259e1db40c63c8380c415575e1811a9b23a9e00da9e5e07bf4d694baa"),
    ("iptables-ipset-proto4", "5a1bb45bb2825ef9b6b542e5bfea1ea82d0149fe8a93bf6e648061db5f47b3b6"),
    ("iptables-ipset-proto4", "742db14b175879e157abb0cf3fa0666c05d3971ce29117c91f079a7bf8f89f34"),
    ("iptables-ipset-proto6", "8946bb91d0d30189dfea648332483c4c570b910d2d3b40fd395dc36986dfed5b"),
    ("iptables-ipset-proto6", "a4fce98b08a47de7e971823af49d39c899ecb45e0f6d703a56026f6b7f74055f"),
    ("iptables-ipset-proto6", "a7324b31b258ee482362e31238de9ee68616cf4bfc9218969ed41de7f2cd5029"),
    ("iptables-ipset-proto6", "b464753e8f0d4381073154ee89b5a658719787b929c5695369667c4ef8646378"),
    ("iptables-ipset-proto6-allports", "1ec1be800c13748b910bb40e6f43fe88165e8e039e7ee9a226ac620b78b2206b"),
    ("iptables-ipset-proto6-allports", "8946bb91d0d30189dfea648332483c4c570b910d2d3b40fd395dc36986dfed5b"),
    ("iptables-ipset-proto6-allports", "a4fce98b08a47de7e971823af49d39c899ecb45e0f6d703a56026f6b7f74055f"),
    ("iptables-ipset-proto6-allports", "a7324b31b258ee482362e31238de9ee68616cf4bfc9218969ed41de7f2cd5029"),
    ("iptables-multiport", "6d424c56be259885ecad568bf1bb5c12b59d007a4aa78de170bc3469c580e597"),
    ("iptables-multiport", "7b62a67209c6dcecc7421898f42a859b42237f656ce03e870e396bd0d208f547"),
    ("iptables-multiport", "d28e6fbd43956a166d711511b2c6b2d48a8360dba01e6a5efa50feef6c3a77d6"),
    ("iptables-multiport-log", "2028d2317a57b12f202cf7017fed4331ed35d2758438657a48adb0ef08abeb38"),
    ("iptables-multiport-log", "37f2d1303f8a3a8e9fc0254740dcde1f1a96ac47702aa35484dc8dd62733c3cd"),
    ("iptables-multiport-log", "d5bd87a25bdce3001cce2a8f74a6b8d12c293201531b56cc1afe92a87b56c8c1"),
    ("iptables-new", "77029cd30fd774235238521f2daea5f095e08bdb5793302ee567fd1192a01ac2"),
    ("iptables-new", "85be7646117589a94584e961245138296c370e8dffd8f3363a6eb8b68ac8a69b"),
    ("iptables-new", "c15cf8b6bc13e00cf725de0b76b6d4ae9e0db58fb3950805bdf36e9274e9dd19"),
    ("iptables-xt_recent-echo", "2a7aafe712a91dddf2b71405b395bc1547d28e7fe2e109ae42519fe7a7b04d3d"),
    ("iptables-xt_recent-echo", "943480206b0a19f9d5e88a5a25fd8db42b53adcb08f8e1aed5e74b6d3dd4157c"),
    ("iptables-xt_recent-echo", "a19d1cca923789f5509b6a28ecdf558757e35d81b3231993259b0214a8b1b507"),
    ("nftables", "9c42d3084f49bc33ba44355e75aefba89905382cdf645b3d3283bd784eb5bb72"),
    ("nftables", "a572b0d887f7b4b7d64c2039d85fb06514b76b7f78628d0f20d2130e908fed94"),
    ("nftables-allports", "9c42d3084f49bc33ba44355e75aefba89905382cdf645b3d3283bd784eb5bb72"),
    ("nftables-allports", "a572b0d887f7b4b7d64c2039d85fb06514b76b7f78628d0f20d2130e908fed94"),
    ("nftables-multiport", "9c42d3084f49bc33ba44355e75aefba89905382cdf645b3d3283bd784eb5bb72"),
    ("nftables-multiport", "a572b0d887f7b4b7d64c2039d85fb06514b76b7f78628d0f20d2130e908fed94"),
    ("npf", "974745b856263514353b10b9d1e1f3dfbcaffa56624044bf07eec7dd9b2f6faa"),
    ("osx-afctl", "2b52160994290c2a999fd90e7db9d133be3afb1f10267360d36752fc7e83b3f8"),
    ("osx-ipfw", "ff8935fcc0252007b846186320bb2c76e0d8ffe997f48c81d26ec1149394866b"),
    ("pf", "4009e80651b373a1fccd6d4d5b10a3c11820e10696161a33a30098236026a726"),
    ("pf", "e7d7755dbcb551fa655bc181cebbe0b10f4dbb98d89facae1e9be83a9462314d"),
    ("route", "627f7338b4f8a2ebecb14ba747526fd03d82634d956e45a7cc26fe86302c6d23"),
    ("shorewall", "4c2e5854c7d6a2c0bf1fb3644e6cd6703bf53b72fe1850b68f8281cb3c13cd4b"),
    ("shorewall-ipset-proto6", "26e7533c19e41aa6cc2f5f7165dcb4b02f18b8aad4c9b6c687f357b2f655c4d0"),
    ("shorewall-ipset-proto6", "d21e581a6c4c058e1789625a3cd7c6680b680d879fa483f890c59e78f63b351f"),
    ("shorewall-ipset-proto6", "fab92f69e026e3e3ebadd14c605b9d824520dd326cd59d6928448444f3262a6b"),
    ("symbiosis-blacklist-allports", "03fd652ae100b4cfc1e183d766c4c4079890b71f21151b8b12b00b32a80f72cd"),
    ("symbiosis-blacklist-allports", "04b280471cad15dade4f628d508b677cf2d1a1cc53729bed4597b6bc860582d0"),
    ("symbiosis-blacklist-allports", "532ce9326201a07ccc914c6079fdc3690a7fd1e342452d9a97640c21f8600d73"),
    ("ufw", "0b0ee53d98fb37ab6ef12cef36d7f9d146a9171a117e729ac561a6fc7752bd90"),
    ("ufw", "949e576bdb7398d216bbf3db5cefaba3bb3df8706c01fca09daff558fa4cdb71"),
];

/// Whether an option leaves an action what it is.
pub(super) fn is_parameter(option: &str) -> bool {
    PARAMETERS.contains(&option.split('?').next().unwrap_or(option))
}

/// Whether the files of an action say what those of Fail2Ban say.
pub(super) fn is_known(name: &str, config: &Config) -> bool {
    let digest = digest(config);
    KNOWN.iter().any(|(have, known)| *have == name && *known == digest)
}

fn digest(config: &Config) -> String {
    let mut hash = Sha256::new();
    let mut sections: Vec<_> = config.sections().collect();
    sections.sort_unstable_by_key(|(name, _)| *name);
    for (section, options) in sections {
        let options = options.iter().map(|(option, text)| (option.as_str(), text));
        let mut options: Vec<_> = options.filter(|(option, _)| !is_parameter(option)).collect();
        options.sort_unstable_by_key(|(option, _)| *option);
        for (option, text) in options {
            let words: Vec<&str> = text.as_str().split_whitespace().collect();
            // Lengths keep two different files from looking the same.
            for part in [section, option, &words.join(" ")] {
                hash.update(part.len().to_le_bytes());
                hash.update(part.as_bytes());
            }
        }
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
