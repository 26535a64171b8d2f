//! Which addresses are special: those that mean this machine, its neighbours,
//! or nothing at all; and which of them are near. Pure.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether a name must not lead here unless the grant says `+private`.
pub(crate) fn is_special(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_special_v4(address),
        IpAddr::V6(address) => is_special_v6(address),
    }
}

/// Whether it is this machine or one of a private network, so that nothing of
/// the public network lies between. Forms that a translator or a tunnel may
/// carry further are not near.
pub(crate) fn is_near(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    }
}

fn is_special_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    matches!(
        (a, b, c),
        // This network, private, carrier-grade NAT, loopback.
        (0 | 10 | 127, _, _)
            | (100, 64..=127, _)
            // Link-local, where clouds keep their metadata service.
            | (169, 254, _)
            | (172, 16..=31, _)
            // Protocol assignments, documentation, the old 6to4 relay, private.
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            // Benchmarks and documentation.
            | (198, 18..=19, _)
            | (198, 51, 100)
            | (203, 0, 113)
            // Multicast, reserved, broadcast.
            | (224..=255, _, _)
    )
}

fn is_special_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let [a, b, c, ..] = segments;
    // Mapped and compatible forms of IPv4 are looked at as what they are; ::
    // and ::1 are among them.
    if segments.starts_with(&[0, 0, 0, 0, 0]) {
        let [.., high, low] = segments;
        let [w, x] = high.to_be_bytes();
        let [y, z] = low.to_be_bytes();
        return match segments {
            [_, _, _, _, _, 0xffff, _, _] => is_special_v4(Ipv4Addr::new(w, x, y, z)),
            _ => true,
        };
    }
    match (a, b, c) {
        // Discard-only, NAT64 (well-known and local), IPv4-translated.
        (0x0100, 0, 0) | (0x0064, 0xff9b, _) | (0, 0, 0) => true,
        // Protocol assignments with Teredo and ORCHID, documentation.
        (0x2001, 0..=0x01ff, _) | (0x2001, 0x0db8, _) | (0x3fff, 0..=0x0fff, _) => true,
        // 6to4 carries any IPv4 address inside.
        (0x2002, _, _) => true,
        // Unique local, link-local, site-local, multicast.
        (0xfc00..=0xfdff | 0xfe80..=0xfeff | 0xff00..=0xffff, _, _) => true,
        // Segment routing and everything that is not global unicast.
        _ => a & 0xe000 != 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_addresses_of_every_kind_are_known() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "::8.8.8.8",
            "64:ff9b::7f00:1",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "2002:808:808::1",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "5f00::1",
            "4000::1",
            "::ffff:0:127.0.0.1",
        ] {
            assert!(is_special(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn public_addresses_are_not_special() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "2606:4700::1111",
            "2a00:1450:4001::1",
            "2001:4860:4860::8888",
        ] {
            assert!(!is_special(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn this_machine_and_private_networks_are_near_and_nothing_else() {
        for address in [
            "127.0.0.1",
            "10.0.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "::1",
            "::ffff:10.0.0.1",
            "fd00::1",
        ] {
            assert!(is_near(address.parse().unwrap()), "{address}");
        }
        for address in [
            "8.8.8.8",
            "0.0.0.0",
            "100.64.0.1",
            "169.254.169.254",
            "224.0.0.1",
            "::",
            "::ffff:8.8.8.8",
            "64:ff9b::7f00:1",
            "2002:7f00:1::1",
            "fe80::1",
            "2606:4700::1111",
        ] {
            assert!(!is_near(address.parse().unwrap()), "{address}");
        }
    }
}
