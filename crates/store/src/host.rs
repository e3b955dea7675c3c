use std::net::IpAddr;

use ipnet::IpNet;
use rusqlite::ToSql;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};

/// A network as a blob: 4 or 16 bytes of address and one of prefix length.
#[derive(Clone, Copy)]
pub(crate) struct Host {
    bytes: [u8; 17],
    length: usize,
}

impl From<IpNet> for Host {
    fn from(net: IpNet) -> Self {
        let mut bytes = [0; 17];
        let length = match net.trunc().addr() {
            IpAddr::V4(ip) => {
                bytes[..4].copy_from_slice(&ip.octets());
                5
            }
            IpAddr::V6(ip) => {
                bytes[..16].copy_from_slice(&ip.octets());
                17
            }
        };
        bytes[length - 1] = net.prefix_len();
        Self { bytes, length }
    }
}

impl ToSql for Host {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Blob(&self.bytes[..self.length])))
    }
}

/// The way back.
pub(crate) struct Net(pub(crate) IpNet);

impl FromSql for Net {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let blob = value.as_blob()?;
        let (ip, prefix) = match blob {
            [a, b, c, d, prefix] => (IpAddr::from([*a, *b, *c, *d]), *prefix),
            [address @ .., prefix] => match <[u8; 16]>::try_from(address) {
                Ok(octets) => (IpAddr::from(octets), *prefix),
                Err(_) => return Err(wrong(blob)),
            },
            [] => return Err(wrong(blob)),
        };
        IpNet::new(ip, prefix).map(Self).map_err(|_| wrong(blob))
    }
}

fn wrong(blob: &[u8]) -> FromSqlError {
    FromSqlError::Other(format!("{blob:02x?} is no address").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_come_back_as_they_were() {
        for text in ["192.0.2.1/32", "0.0.0.0/0", "2001:db8::/64", "::ffff:192.0.2.1/128", "::/0"] {
            let net: IpNet = text.parse().unwrap();
            let host = Host::from(net);
            let ToSqlOutput::Borrowed(value) = host.to_sql().unwrap() else { panic!("not borrowed") };
            assert_eq!(Net::column_result(value).unwrap().0, net);
        }
    }

    #[test]
    fn other_blobs_are_refused() {
        for blob in [&[][..], &[1], &[192, 0, 2, 1, 33], &[0; 16], &[255; 17], &[0; 18]] {
            assert!(Net::column_result(ValueRef::Blob(blob)).is_err(), "{blob:?}");
        }
    }
}
