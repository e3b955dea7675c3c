use std::{fs, io};

use super::PrivilegeError;

/// An ordinary user, and the groups that it is to have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub(super) uid: u32,
    pub(super) gid: u32,
    pub(super) groups: Vec<u32>,
}

/// The first that exists is taken.
const NAMES: [&str; 2] = ["palisade", "nobody"];
/// Their members may read logs.
const LOG_GROUPS: [&str; 2] = ["adm", "systemd-journal"];

impl User {
    /// The user `palisade` if the host has it, else `nobody`, with the groups that may read logs. Looked up in
    /// /etc/passwd and /etc/group themselves: no name service has a say in it.
    pub fn for_watcher() -> Result<User, PrivilegeError> {
        let read = |path| fs::read_to_string(path).map_err(|source| PrivilegeError { step: path, source });
        find(&read("/etc/passwd")?, &read("/etc/group")?).ok_or_else(|| PrivilegeError {
            step: "looking for the user palisade or nobody in /etc/passwd",
            source: io::ErrorKind::NotFound.into(),
        })
    }

    /// The same user, who may not even read logs.
    #[must_use]
    pub fn without_groups(self) -> User {
        User { groups: Vec::new(), ..self }
    }

    /// Its number.
    pub fn uid(&self) -> u32 {
        self.uid
    }
}

fn find(passwd: &str, group: &str) -> Option<User> {
    let (uid, gid) = NAMES.iter().find_map(|name| {
        let fields = entry(passwd, name)?;
        Some((number(&fields, 2)?, number(&fields, 3)?))
    })?;
    let groups = LOG_GROUPS.iter().filter_map(|name| number(&entry(group, name)?, 2)).filter(|gid| *gid != 0);
    (uid != 0 && gid != 0).then(|| User { uid, gid, groups: groups.collect() })
}

fn entry<'a>(file: &'a str, name: &str) -> Option<Vec<&'a str>> {
    file.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|fields| fields[0] == name)
}

fn number(fields: &[&str], at: usize) -> Option<u32> {
    fields.get(at)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534::/:/usr/sbin/nologin\n";
    const GROUP: &str = "root:x:0:\nadm:x:4:syslog\nsystemd-journal:x:101:\n";

    #[test]
    fn nobody_stands_in_for_a_user_of_our_own() {
        assert_eq!(find(PASSWD, GROUP), Some(User { uid: 65534, gid: 65534, groups: vec![4, 101] }));
        let own = PASSWD.to_owned() + "palisade:x:990:980::/:/usr/sbin/nologin\n";
        assert_eq!(find(&own, ""), Some(User { uid: 990, gid: 980, groups: vec![] }));
    }

    #[test]
    fn root_by_another_name_is_refused() {
        assert_eq!(find("palisade:x:0:0::/:\n", GROUP), None);
        assert_eq!(find("palisade:x:7:0::/:\n", GROUP), None);
        assert_eq!(find("", GROUP), None);
    }
}
