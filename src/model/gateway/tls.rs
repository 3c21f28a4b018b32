//! Versions of TLS, and how vendors spell them. Knows no format.

use std::fmt;

/// A version of SSL or TLS, old ones first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TlsVersion {
    /// SSL 2.0, refused since RFC 6176.
    Ssl2,
    /// SSL 3.0, refused since RFC 7568.
    Ssl3,
    /// TLS 1.0, refused since RFC 8996.
    Tls10,
    /// TLS 1.1, refused since RFC 8996.
    Tls11,
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

impl TlsVersion {
    /// All of them, old ones first.
    pub const ALL: [Self; 6] = [Self::Ssl2, Self::Ssl3, Self::Tls10, Self::Tls11, Self::Tls12, Self::Tls13];

    /// A version as any vendor writes it: `TLSv1.1`, `TLSv1_1`, `TLSV1_1`, `TLS_1_1`, `TLS11`, `VersionTLS11`,
    /// `tls1.1`, `1.1`; `TLSv1` is 1.0. None for other texts, `TLS_AUTO` among them.
    pub fn parse(text: &str) -> Option<Self> {
        let lower = text.trim().to_ascii_lowercase();
        let text = lower.strip_prefix("version").unwrap_or(&lower);
        let (is_ssl, text) = match (text.strip_prefix("ssl"), text.strip_prefix("tls")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => (false, text),
        };
        let text = text.trim_start_matches(['v', '_', '-', ' ']);
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let is_number = text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | '_' | '-'));
        match (is_ssl, digits.as_str()) {
            _ if !is_number => None,
            (true, "2" | "20") => Some(Self::Ssl2),
            (true, "3" | "30") => Some(Self::Ssl3),
            (false, "1" | "10") => Some(Self::Tls10),
            (false, "11") => Some(Self::Tls11),
            (false, "12") => Some(Self::Tls12),
            (false, "13") => Some(Self::Tls13),
            _ => None,
        }
    }

    /// The oldest version that a policy of an AWS load balancer, API Gateway or CloudFront accepts.
    ///
    /// Sources: <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html>,
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies-list.html>.
    pub fn of_aws_policy(name: &str) -> Option<Self> {
        if let Some(rest) = name.strip_prefix("ELBSecurityPolicy-") {
            return Self::of_elb_policy(rest);
        }
        if let Some(rest) = name.strip_prefix("SecurityPolicy_") {
            // `TLS13_1_2_2021_06`: the newest version, then the oldest; `TLS12_2018_EDGE`: the oldest.
            let oldest = ["TLS13_1_2_", "TLS12_"].iter().any(|start| rest.starts_with(start));
            let newest = ["TLS13_1_3_", "TLS13_2"].iter().any(|start| rest.starts_with(start));
            return if oldest { Some(Self::Tls12) } else { newest.then_some(Self::Tls13) };
        }
        // CloudFront adds the year: `TLSv1.2_2021`.
        let version = name.rsplit_once("_20").filter(|_| name.starts_with("TLSv")).map_or(name, |(version, _)| version);
        Self::parse(version)
    }

    fn of_elb_policy(name: &str) -> Option<Self> {
        const STARTS: [(&str, TlsVersion); 12] = [
            ("TLS13-1-0-", TlsVersion::Tls10),
            ("TLS13-1-1-", TlsVersion::Tls11),
            ("TLS13-1-2-", TlsVersion::Tls12),
            ("TLS13-1-3-", TlsVersion::Tls13),
            ("TLS-1-0-", TlsVersion::Tls10),
            ("TLS-1-1-", TlsVersion::Tls11),
            ("TLS-1-2-", TlsVersion::Tls12),
            ("FS-1-1-", TlsVersion::Tls11),
            ("FS-1-2-", TlsVersion::Tls12),
            ("FS-2018-06", TlsVersion::Tls10),
            ("2016-08", TlsVersion::Tls10),
            ("2015-05", TlsVersion::Tls10),
        ];
        STARTS.iter().find(|(start, _)| name.starts_with(start)).map(|(_, version)| *version)
    }

    /// Whether it is older than TLS 1.2 and so refused by RFC 8996 or before.
    pub fn is_weak(self) -> bool {
        self < Self::Tls12
    }
}

impl fmt::Display for TlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ssl2 => "SSL 2.0",
            Self::Ssl3 => "SSL 3.0",
            Self::Tls10 => "TLS 1.0",
            Self::Tls11 => "TLS 1.1",
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vendors_spelling_is_read() {
        for (texts, version) in [
            (&["SSLv2", "ssl2"][..], TlsVersion::Ssl2),
            (&["SSLv3", "SSL3.0", "SSL_3_0", "VersionSSL30"], TlsVersion::Ssl3),
            (&["TLSv1", "TLSv1.0", "TLSv1_0", "TLSV1_0", "TLS_1_0", "TLS10", "VersionTLS10", "1.0"], TlsVersion::Tls10),
            (&["TLSv1.1", "TLSV1_1", "TLS11", "VersionTLS11", "tls1.1"], TlsVersion::Tls11),
            (&["TLSv1.2", "TLSv1_2", "TLS_1_2", "VersionTLS12", "1.2"], TlsVersion::Tls12),
            (&["TLSv1.3", "TLSV1_3", "TLS13", " tlsv1.3 "], TlsVersion::Tls13),
        ] {
            for text in texts {
                assert_eq!(TlsVersion::parse(text), Some(version), "{text}");
            }
        }
        for text in ["TLS_AUTO", "", "TLS", "TLSv2", "all", "$ssl", "TLSv1.2_2021", "SSLv1", "-", "é"] {
            assert_eq!(TlsVersion::parse(text), None, "{text}");
        }
    }

    #[test]
    fn policies_of_aws_say_what_is_oldest() {
        for (name, version) in [
            ("ELBSecurityPolicy-2016-08", Some(TlsVersion::Tls10)),
            ("ELBSecurityPolicy-TLS-1-1-2017-01", Some(TlsVersion::Tls11)),
            ("ELBSecurityPolicy-TLS-1-2-Ext-2018-06", Some(TlsVersion::Tls12)),
            ("ELBSecurityPolicy-FS-2018-06", Some(TlsVersion::Tls10)),
            ("ELBSecurityPolicy-FS-1-2-Res-2020-10", Some(TlsVersion::Tls12)),
            ("ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09", Some(TlsVersion::Tls12)),
            ("ELBSecurityPolicy-TLS13-1-0-FIPS-2023-04", Some(TlsVersion::Tls10)),
            ("ELBSecurityPolicy-Mine", None),
            ("TLS_1_0", Some(TlsVersion::Tls10)),
            ("TLS_1_2", Some(TlsVersion::Tls12)),
            ("SecurityPolicy_TLS13_1_3_2025_09", Some(TlsVersion::Tls13)),
            ("SecurityPolicy_TLS13_1_2_FIPS_PQ_2025_09", Some(TlsVersion::Tls12)),
            ("SecurityPolicy_TLS12_2018_EDGE", Some(TlsVersion::Tls12)),
            ("TLSv1.2_2021", Some(TlsVersion::Tls12)),
            ("TLSv1_2016", Some(TlsVersion::Tls10)),
        ] {
            assert_eq!(TlsVersion::of_aws_policy(name), version, "{name}");
        }
    }

    #[test]
    fn what_is_older_than_1_2_is_weak() {
        let weak: Vec<String> = TlsVersion::ALL
            .into_iter()
            .filter(|version| version.is_weak())
            .map(|version| version.to_string())
            .collect();
        assert_eq!(weak, ["SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.1"]);
    }
}
