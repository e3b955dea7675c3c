use detect::pattern::*;
use std::time::Instant;
fn main() {
    if let Some(n) = std::env::args().nth(1) {
        let data = std::fs::read_to_string("/tmp/f2b.jsonl").unwrap();
        let pats: Vec<String> = data
            .lines()
            .map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap())
            .filter(|v| v["filter"] == "sshd")
            .map(|v| v["pattern"].as_str().unwrap().to_owned())
            .collect();
        let p = Pattern::compile(&pats[n.parse::<usize>().unwrap()], Flags::default()).unwrap();
        let l = std::env::args().nth(2).unwrap();
        let mut g = Groups::new();
        for _ in 0..(if std::env::var_os("TRACE").is_some() { 1 } else { 1_000_000 }) {
            p.search(std::hint::black_box(&l), 0, &mut g).unwrap();
        }
        return;
    }
    let data = std::fs::read_to_string("/tmp/f2b.jsonl").unwrap();
    let pats: Vec<String> = data
        .lines()
        .map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap())
        .filter(|v| v["filter"] == "sshd")
        .map(|v| v["pattern"].as_str().unwrap().to_owned())
        .collect();
    let all: Vec<String> = data
        .lines()
        .map(|l| {
            serde_json::from_str::<serde_json::Value>(l).unwrap()["pattern"].as_str().unwrap().to_owned()
        })
        .collect();
    let t = Instant::now();
    let n = all.iter().filter_map(|p| Pattern::compile(p, Flags::default()).ok()).count();
    println!("compile {} in {:?}", n, t.elapsed());
    let lines = [
        " srv sshd[12345]: Failed password for root from 203.0.113.7 port 52345 ssh2",
        "Failed password for root from 203.0.113.7 port 52345 ssh2",
        "Failed password for invalid user admin from 203.0.113.7 port 52345 ssh2",
        "Failed password for invalid user admin from 2001:db8::1:2 port 52345 ssh2",
        "Invalid user admin from 203.0.113.7 port 4321",
        "Connection closed by authenticating user root 203.0.113.7 port 52345 [preauth]",
        "Accepted publickey for bob from 203.0.113.7 port 3 ssh2: RSA SHA256:abcdefgh",
        "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=203.0.113.7  user=root",
        "pam_unix(sshd:session): session opened for user bob(uid=1000) by (uid=0)",
    ];
    let ps: Vec<Pattern> = pats.iter().map(|p| Pattern::compile(p, Flags::default()).unwrap()).collect();
    let mut g = Groups::new();
    for l in lines {
        let mut out = vec![];
        for (i, p) in ps.iter().enumerate() {
            let k = 200_00;
            let t = Instant::now();
            let mut m = false;
            for _ in 0..k {
                m = p.search(std::hint::black_box(l), 0, &mut g).unwrap();
            }
            out.push((i, m, t.elapsed().as_nanos() / k));
        }
        let miss: Vec<_> = out.iter().filter(|o| !o.1).collect();
        let sum: u128 = miss.iter().map(|o| o.2).sum();
        println!(
            "{l}\n   hits {:?}; misses mean {} ns max {:?}",
            out.iter().filter(|o| o.1).map(|o| (o.0, o.2)).collect::<Vec<_>>(),
            sum / miss.len() as u128,
            miss.iter().max_by_key(|o| o.2)
        );
    }
    for (i, p) in pats.iter().enumerate().take(8) {
        println!("{i} {}", &p[..p.len().min(200)]);
    }
}
