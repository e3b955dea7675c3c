//! `ignoreip`: addresses, networks, host names, and files of them.

use std::net::IpAddr;
use std::path::Path;

use detect::IgnoreSpec;
use ipnet::IpNet;

use crate::diagnostic::Fault;
use crate::host::Host;
use crate::text::Text;

/// Adds what the option's value names.
pub(crate) fn read(value: &Text, host: &dyn Host, spec: &mut IgnoreSpec, faults: &mut Vec<Fault>) {
    for word in words(value) {
        match word.as_str().strip_prefix("file:") {
            Some(path) => read_file(path, &word, host, spec, faults),
            None => faults.extend(add(word.as_str(), spec).err().map(|message| fault(&word, message))),
        }
    }
}

/// The words of a value, separated by white space and commas.
pub(crate) fn words(value: &Text) -> impl Iterator<Item = Text> + '_ {
    let separator = |c: char| c == ',' || c.is_whitespace();
    let mut start = 0;
    value.as_str().split_inclusive(separator).filter_map(move |word| {
        let end = start + word.trim_end_matches(separator).len();
        let range = start..end;
        start += word.len();
        (!range.is_empty()).then(|| value.slice(range))
    })
}

fn fault(word: &Text, message: String) -> Fault {
    Fault::error(word.place(), message)
        .help("an address, a network like 192.0.2.0/24, a host name, or file:PATH")
}

fn read_file(path: &str, word: &Text, host: &dyn Host, spec: &mut IgnoreSpec, faults: &mut Vec<Fault>) {
    let content = match host.read(Path::new(path)) {
        Ok(content) => content,
        Err(error) => {
            let message = format!("{path} cannot be read: {error}");
            let help = "nobody is ignored for it until a reload finds it";
            return faults.push(Fault::warning(word.place(), message).help(help));
        }
    };
    for (number, line) in content.lines().enumerate() {
        let code = line.split(['#', ';']).next().unwrap_or("");
        for entry in code.split(|c: char| c == ',' || c.is_whitespace()).filter(|entry| !entry.is_empty()) {
            if let Err(message) = add(entry, spec) {
                faults.push(fault(word, format!("{path}, line {}: {message}", number + 1)));
            }
        }
    }
}

fn add(word: &str, spec: &mut IgnoreSpec) -> Result<(), String> {
    match net(word) {
        Some(net) => spec.nets.push(net),
        None if is_host_name(word) => spec.names.push(word.to_owned()),
        None => return Err(format!("{word} is neither address, network nor host name")),
    }
    Ok(())
}

/// An address, or a network with the length or the mask of its prefix.
fn net(word: &str) -> Option<IpNet> {
    let Some((address, prefix)) = word.split_once('/') else {
        return word.parse::<IpAddr>().ok().map(IpNet::from);
    };
    let address: IpAddr = address.parse().ok()?;
    let net = match prefix.parse::<u8>() {
        Ok(length) => IpNet::new(address, length).ok()?,
        Err(_) => IpNet::with_netmask(address, prefix.parse().ok()?).ok()?,
    };
    Some(net.trunc())
}

fn is_host_name(word: &str) -> bool {
    let label =
        |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_');
    let name = word.strip_suffix('.').unwrap_or(word);
    // The last label of a name is never a number: 300.1.1.1 is a mistyped address.
    let numeric = name.rsplit('.').next().is_some_and(|last| last.chars().all(|c| c.is_ascii_digit()));
    word.len() <= 255 && name.split('.').all(label) && !numeric
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::ThisHost;

    fn read_all(value: &str) -> (IgnoreSpec, usize) {
        let (mut spec, mut faults) = (IgnoreSpec::default(), Vec::new());
        read(&Text::plain(value), &ThisHost::default(), &mut spec, &mut faults);
        (spec, faults.len())
    }

    #[test]
    fn every_form_is_read() {
        let (spec, faults) =
            read_all("127.0.0.1/8 ::1, 192.0.2.7\n10.0.0.0/255.0.0.0,office.example.org  2001:db8::1/32");
        let nets: Vec<_> = spec.nets.iter().map(ToString::to_string).collect();
        assert_eq!(nets, ["127.0.0.0/8", "::1/128", "192.0.2.7/32", "10.0.0.0/8", "2001:db8::/32"]);
        assert_eq!(spec.names, ["office.example.org"]);
        assert_eq!(faults, 0);
    }

    #[test]
    fn mistyped_addresses_are_no_names() {
        assert_eq!(read_all("300.1.1.1 10.0.0.0/33 10.0.0.0/x fe80:::1 a..b 1.2.3").1, 6);
    }

    #[test]
    fn files_are_read_with_their_comments() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("list");
        std::fs::write(&path, "# office\n192.0.2.0/24, 198.51.100.1 # b\n; c\n203.0.113.5\n").unwrap();
        let (spec, faults) = read_all(&format!("file:{}", path.display()));
        assert_eq!((spec.nets.len(), faults), (3, 0));
        assert_eq!(read_all("file:/no/such/file").1, 1);
    }
}
