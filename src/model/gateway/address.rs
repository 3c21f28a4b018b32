//! Addresses and networks as lists of access name them. Knows no format.

use core::net::IpAddr;

/// Addresses of an entry.
#[derive(Clone, Copy, Debug)]
pub enum Range {
    /// Every address: the word `all`.
    All,
    /// A network: an address, and how many of its bits count.
    Net(IpAddr, u32),
}

impl Range {
    /// Reads `all`, an address, or a network as `10.0.0.0/8`.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "all" {
            return Some(Self::All);
        }
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().ok()?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Some(most), |bits| bits.parse().ok().filter(|&bits| bits <= most))?;
        Some(Self::Net(address, bits))
    }

    /// Whether all of another are among its own.
    pub fn holds(self, other: Self) -> bool {
        match (self, other) {
            (Self::All, _) => true,
            (Self::Net(..), Self::All) => false,
            (Self::Net(IpAddr::V4(a), bits), Self::Net(IpAddr::V4(b), inner)) => {
                let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
                inner >= bits && a.to_bits() & mask == b.to_bits() & mask
            }
            (Self::Net(IpAddr::V6(a), bits), Self::Net(IpAddr::V6(b), inner)) => {
                let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
                inner >= bits && a.to_bits() & mask == b.to_bits() & mask
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(one: &str, other: &str) -> Option<bool> {
        Some(Range::parse(one)?.holds(Range::parse(other)?))
    }

    #[test]
    fn a_network_holds_smaller_ones_of_its_family_only() {
        assert_eq!(holds("10.0.0.0/8", "10.1.2.0/24"), Some(true));
        assert_eq!(holds("10.1.2.0/24", "10.0.0.0/8"), Some(false));
        assert_eq!(holds("0.0.0.0/0", "::1"), Some(false));
        assert_eq!(holds("all", "::1"), Some(true));
        assert_eq!(holds("10.0.0.0/33", "10.0.0.1"), None);
    }
}
