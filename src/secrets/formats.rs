//! The table of providers: what their secrets look like. Data, with its readers.

/// Characters a run is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alphabet {
    /// `0-9`
    Digits,
    /// `0-9 a-f`
    Hex,
    /// `A-Z a-z`
    Letters,
    /// `A-Z 0-9`
    Upper,
    /// `A-Z 2-7`, RFC 4648 section 6
    Base32,
    /// `A-Z a-z 0-9`
    Base62,
    /// `A-Z a-z 0-9 - _`, RFC 4648 section 5
    Base64Url,
    /// `A-Z a-z 0-9 + /`, RFC 4648 section 4
    Base64,
}

impl Alphabet {
    pub(super) const fn contains(self, byte: u8) -> bool {
        match self {
            Self::Digits => byte.is_ascii_digit(),
            Self::Hex => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            Self::Letters => byte.is_ascii_alphabetic(),
            Self::Upper => matches!(byte, b'0'..=b'9' | b'A'..=b'Z'),
            Self::Base32 => matches!(byte, b'2'..=b'7' | b'A'..=b'Z'),
            Self::Base62 => byte.is_ascii_alphanumeric(),
            Self::Base64Url => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'),
            Self::Base64 => byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'),
        }
    }

    /// How many characters it has.
    pub(super) const fn size(self) -> usize {
        match self {
            Self::Digits => 10,
            Self::Hex => 16,
            Self::Base32 => 32,
            Self::Upper => 36,
            Self::Letters => 52,
            Self::Base62 => 62,
            Self::Base64Url | Self::Base64 => 64,
        }
    }
}

/// A piece of a secret after its literal.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part {
    /// At least and at most so many characters, as many as there are.
    Run(Alphabet, usize, usize),
    /// This text.
    Text(&'static str),
}

impl Part {
    /// How many bytes it takes at the beginning of a text.
    pub(super) fn read(self, text: &[u8]) -> Option<usize> {
        match self {
            Self::Run(alphabet, least, most) => {
                let length = text.iter().take(most).take_while(|byte| alphabet.contains(**byte)).count();
                (length >= least).then_some(length)
            }
            Self::Text(literal) => text.starts_with(literal.as_bytes()).then_some(literal.len()),
        }
    }
}

/// What a candidate must pass besides its shape.
#[derive(Clone, Copy, Debug)]
pub(super) enum Check {
    /// Its runs of 16 characters and more look random.
    Random,
    /// The last six characters are the CRC-32 of those between literal and them, in base 62.
    Crc32,
}

/// What the secrets of a provider look like.
#[derive(Debug)]
pub(super) struct Format {
    pub(super) provider: &'static str,
    pub(super) what: &'static str,
    /// The text they are searched by.
    pub(super) literal: &'static str,
    /// What stands before the literal, where that is not the beginning: alphabet,
    /// least and most characters, and the text they begin with.
    pub(super) before: Option<(Alphabet, usize, usize, &'static str)>,
    /// What follows the literal.
    pub(super) parts: &'static [Part],
    pub(super) check: Check,
}

/// Runs shorter than this say nothing about randomness.
const MEANINGFUL: usize = 16;

impl Format {
    /// The runs of a secret that are long enough to judge.
    pub(super) fn runs<'a>(&'a self, secret: &'a str) -> impl Iterator<Item = (Alphabet, &'a str)> {
        let literal = if self.before.is_some() { secret.find(self.literal) } else { Some(0) };
        let front = self.before.zip(literal).map(|((alphabet, .., first), at)| (alphabet, &secret[first.len()..at]));
        let mut at = literal.unwrap_or(0) + self.literal.len();
        let back = self.parts.iter().filter_map(move |part| {
            let start = at;
            at += part.read(&secret.as_bytes()[start..])?;
            match part {
                Part::Run(alphabet, ..) => Some((*alphabet, &secret[start..at])),
                Part::Text(_) => None,
            }
        });
        front.into_iter().chain(back).filter(|(_, run)| run.len() >= MEANINGFUL)
    }
}

const fn row(provider: &'static str, what: &'static str, literal: &'static str, parts: &'static [Part]) -> Format {
    Format { provider, what, literal, before: None, parts, check: Check::Random }
}

const fn crc(provider: &'static str, what: &'static str, literal: &'static str, parts: &'static [Part]) -> Format {
    Format { provider, what, literal, before: None, parts, check: Check::Crc32 }
}

use Alphabet::{Base32, Base62, Base64, Base64Url, Digits, Hex, Letters, Upper};
use Part::{Run, Text};

/// The formats. Left out on purpose: identifiers that are no secret (Twilio `AC…` and
/// `SK…`), test keys (`sk_test_`), and formats that ordinary text can have.
pub(super) static FORMATS: &[Format] = &[
    // https://github.blog/2021-04-05-behind-githubs-new-authentication-token-formats/
    crc("GitHub", "personal access token", "ghp_", &[Run(Base62, 36, 251)]),
    crc("GitHub", "OAuth access token", "gho_", &[Run(Base62, 36, 251)]),
    crc("GitHub", "user-to-server token", "ghu_", &[Run(Base62, 36, 251)]),
    crc("GitHub", "server-to-server token", "ghs_", &[Run(Base62, 36, 251)]),
    crc("GitHub", "refresh token", "ghr_", &[Run(Base62, 36, 251)]),
    // https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/managing-your-personal-access-tokens
    row(
        "GitHub",
        "fine-grained personal access token",
        "github_pat_",
        &[Run(Base62, 22, 22), Text("_"), Run(Base62, 59, 59)],
    ),
    // https://github.blog/changelog/2021-09-23-npm-has-a-new-access-token-format/
    crc("npm", "access token", "npm_", &[Run(Base62, 36, 36)]),
    // https://docs.gitlab.com/security/tokens/#token-prefixes
    row("GitLab", "personal access token", "glpat-", &[Run(Base64Url, 20, 20)]),
    row("GitLab", "deploy token", "gldt-", &[Run(Base64Url, 20, 20)]),
    row("GitLab", "runner authentication token", "glrt-", &[Run(Base64Url, 20, 20)]),
    row("GitLab", "pipeline trigger token", "glptt-", &[Run(Hex, 40, 40)]),
    // https://api.slack.com/authentication/token-types
    row(
        "Slack",
        "bot token",
        "xoxb-",
        &[Run(Digits, 10, 13), Text("-"), Run(Digits, 10, 13), Text("-"), Run(Base62, 24, 24)],
    ),
    row(
        "Slack",
        "user token",
        "xoxp-",
        &[
            Run(Digits, 10, 13),
            Text("-"),
            Run(Digits, 10, 13),
            Text("-"),
            Run(Digits, 10, 13),
            Text("-"),
            Run(Hex, 32, 32),
        ],
    ),
    row(
        "Slack",
        "app-level token",
        "xapp-1-",
        &[Run(Upper, 9, 13), Text("-"), Run(Digits, 10, 14), Text("-"), Run(Hex, 64, 64)],
    ),
    // https://api.slack.com/messaging/webhooks
    row(
        "Slack",
        "incoming webhook URL",
        "https://hooks.slack.com/services/T",
        &[Run(Upper, 8, 12), Text("/B"), Run(Upper, 8, 12), Text("/"), Run(Base62, 24, 24)],
    ),
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes
    row("AWS", "access key", "AKIA", &[Run(Base32, 16, 16)]),
    row("AWS", "temporary access key", "ASIA", &[Run(Base32, 16, 16)]),
    // https://cloud.google.com/docs/authentication/api-keys
    row("Google", "API key", "AIza", &[Run(Base64Url, 35, 35)]),
    // https://developers.google.com/identity/protocols/oauth2
    row("Google", "OAuth client secret", "GOCSPX-", &[Run(Base64Url, 28, 28)]),
    // https://learn.microsoft.com/en-us/azure/storage/common/storage-account-keys-manage
    row("Azure", "storage account key", "AccountKey=", &[Run(Base64, 86, 86), Text("==")]),
    // https://learn.microsoft.com/en-us/azure/service-bus-messaging/service-bus-sas
    row("Azure", "shared access key", "SharedAccessKey=", &[Run(Base64, 43, 43), Text("=")]),
    // https://docs.stripe.com/keys
    row("Stripe", "live secret key", "sk_live_", &[Run(Base62, 24, 247)]),
    row("Stripe", "live restricted key", "rk_live_", &[Run(Base62, 24, 247)]),
    // https://docs.sendgrid.com/ui/account-and-settings/api-keys
    row("SendGrid", "API key", "SG.", &[Run(Base64Url, 22, 22), Text("."), Run(Base64Url, 43, 43)]),
    // https://documentation.mailgun.com/docs/mailgun/api-reference/mg-auth
    row("Mailgun", "API key", "key-", &[Run(Hex, 32, 32)]),
    // https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens
    row("Shopify", "access token", "shpat_", &[Run(Hex, 32, 32)]),
    row("Shopify", "custom app access token", "shpca_", &[Run(Hex, 32, 32)]),
    row("Shopify", "private app password", "shppa_", &[Run(Hex, 32, 32)]),
    row("Shopify", "shared secret", "shpss_", &[Run(Hex, 32, 32)]),
    // https://docs.digitalocean.com/reference/api/create-personal-access-token/
    row("DigitalOcean", "personal access token", "dop_v1_", &[Run(Hex, 64, 64)]),
    row("DigitalOcean", "OAuth token", "doo_v1_", &[Run(Hex, 64, 64)]),
    row("DigitalOcean", "refresh token", "dor_v1_", &[Run(Hex, 64, 64)]),
    // https://help.openai.com/en/articles/5112595-best-practices-for-api-key-safety (the infix is `OpenAI` in base 64)
    Format {
        provider: "OpenAI",
        what: "API key",
        literal: "T3BlbkFJ",
        before: Some((Base64Url, 23, 100, "sk-")),
        parts: &[Run(Base64Url, 20, 90)],
        check: Check::Random,
    },
    // https://docs.anthropic.com/en/api/overview#authentication
    row("Anthropic", "API key", "sk-ant-api03-", &[Run(Base64Url, 95, 95)]),
    row("Anthropic", "admin API key", "sk-ant-admin01-", &[Run(Base64Url, 95, 95)]),
    // https://huggingface.co/docs/hub/security-tokens
    row("Hugging Face", "user access token", "hf_", &[Run(Letters, 34, 34)]),
    // https://pypi.org/help/#apitoken (a macaroon for pypi.org)
    row("PyPI", "API token", "pypi-AgEIcHlwaS5vcmc", &[Run(Base64Url, 50, 1000)]),
    // https://docs.docker.com/security/access-tokens/
    row("Docker", "personal access token", "dckr_pat_", &[Run(Base64Url, 27, 27)]),
    // https://developer.hashicorp.com/vault/docs/concepts/tokens
    row("HashiCorp Vault", "service token", "hvs.", &[Run(Base64Url, 90, 200)]),
    // https://learning.postman.com/docs/developer/postman-api/authentication/
    row("Postman", "API key", "PMAK-", &[Run(Hex, 24, 24), Text("-"), Run(Hex, 34, 34)]),
    // https://grafana.com/docs/grafana/latest/administration/service-accounts/
    row("Grafana", "service account token", "glsa_", &[Run(Base62, 32, 32), Text("_"), Run(Hex, 8, 8)]),
    // https://docs.databricks.com/aws/en/dev-tools/auth/pat
    row("Databricks", "personal access token", "dapi", &[Run(Hex, 32, 32)]),
    // https://docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys/
    row("New Relic", "user key", "NRAK-", &[Run(Upper, 27, 27)]),
    // https://docs.dynatrace.com/docs/dynatrace-api/basics/dynatrace-api-authentication
    row("Dynatrace", "access token", "dt0c01.", &[Run(Upper, 24, 24), Text("."), Run(Upper, 64, 64)]),
    // https://guides.rubygems.org/api-key-scopes/
    row("RubyGems", "API key", "rubygems_", &[Run(Hex, 48, 48)]),
    // https://www.pulumi.com/docs/administration/access-identity/access-tokens/
    row("Pulumi", "access token", "pul-", &[Run(Hex, 40, 40)]),
    // https://linear.app/developers/graphql
    row("Linear", "API key", "lin_api_", &[Run(Base62, 40, 40)]),
    // https://developers.brevo.com/docs/getting-started
    row("Brevo", "API key", "xkeysib-", &[Run(Hex, 64, 64), Text("-"), Run(Base62, 16, 16)]),
    // https://docs.goshippo.com/docs/guides_general/authentication/
    row("Shippo", "live token", "shippo_live_", &[Run(Hex, 40, 40)]),
    // https://docs.doppler.com/reference/auth-token-formats
    row("Doppler", "personal token", "dp.pt.", &[Run(Base62, 40, 44)]),
    row("Doppler", "service account token", "dp.sa.", &[Run(Base62, 40, 44)]),
    // https://docs.sentry.io/account/auth-tokens/
    row("Sentry", "user auth token", "sntryu_", &[Run(Hex, 64, 64)]),
    // https://planetscale.com/docs/api/reference/service-tokens
    row("PlanetScale", "service token", "pscale_tkn_", &[Run(Base64Url, 43, 43)]),
    // https://developer.squareup.com/docs/build-basics/access-tokens
    row("Square", "application secret", "sq0csp-", &[Run(Base64Url, 43, 43)]),
    // https://developer.hashicorp.com/terraform/cloud-docs/users-teams-organizations/api-tokens
    Format {
        provider: "HCP Terraform",
        what: "API token",
        literal: ".atlasv1.",
        before: Some((Base62, 14, 14, "")),
        parts: &[Run(Base64Url, 60, 70)],
        check: Check::Random,
    },
    // https://core.telegram.org/bots/api#authorizing-your-bot
    Format {
        provider: "Telegram",
        what: "bot token",
        literal: ":AA",
        before: Some((Digits, 8, 10, "")),
        parts: &[Run(Base64Url, 33, 33)],
        check: Check::Random,
    },
];

/// Values that their providers print in documentation, or that come with emulators.
pub(super) const SAMPLES: &[&str] = &[
    // https://api.slack.com/authentication/token-types
    concat!("xoxb-17653672481-", "19874698323-pdFZKVeTuE8sk7oOcBrzbqgy"),
    // https://learn.microsoft.com/en-us/azure/storage/common/storage-use-azurite (the well-known key of the emulator)
    concat!("AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/", "K1SZFPTOtr/KBHBeksoGMGw=="),
    // https://core.telegram.org/bots/api#authorizing-your-bot and https://core.telegram.org/bots/features#creating-a-new-bot
    concat!("4839574812:", "AAFD39kkdpWt3ywyRZergyOLMaJhac60qcK"),
    concat!("110201543:", "AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"),
];
