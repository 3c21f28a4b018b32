//! Names as words, against the built-in lists.

use super::*;

fn source() -> WordFile {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/rules/words.yaml");
    serde_yaml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The ids of the lists that a set of bits stands for, without those of no interest here.
fn in_list(bits: u128, list: &str) -> bool {
    bits & WordLists::builtin().id(list).unwrap().bit() != 0
}

fn head(name: &str, list: &str) -> bool {
    in_list(WordLists::builtin().hits(name).head, list)
}

fn whole(name: &str, list: &str) -> bool {
    in_list(WordLists::builtin().hits(name).whole, list)
}

fn any(name: &str, list: &str) -> bool {
    in_list(WordLists::builtin().hits(name).any, list)
}

#[test]
fn the_embedded_lists_are_those_of_the_source() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/generated/words.json");
    let fresh = serde_json::to_string(&source()).unwrap() + "\n";
    if std::env::var_os("UPDATE_GENERATED").is_some() {
        std::fs::write(path, &fresh).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), fresh, "run this test with UPDATE_GENERATED=1");
}

#[test]
fn every_list_says_what_it_is_for() {
    for (name, list) in source().lists {
        assert!(list.doc.ends_with('.'), "{name}");
    }
}

#[test]
fn the_embedded_lists_compile() {
    let lists = WordLists::builtin();
    assert_eq!(lists.names().count(), source().lists.len());
    assert!(WordLists::with_changes(&BTreeMap::new()).is_ok());
}

#[test]
fn lists_are_found_by_id() {
    let lists = WordLists::builtin();
    for (index, name) in lists.names().enumerate() {
        assert_eq!(lists.id(name), Some(ListId(index as u8)));
    }
    assert_eq!(lists.id("no-such-list"), None);
}

#[test]
fn a_word_matches_as_head_and_not_elsewhere() {
    assert!(head("userPassword", "credential"));
    assert!(head("password2", "credential"));
    assert!(!head("passwordHint", "credential"));
    assert!(any("passwordHint", "credential"));
    assert!(!head("secretPath", "credential"));
    assert!(head("secretPath", "path-like"));
}

#[test]
fn a_word_inside_a_word_does_not_match() {
    for name in ["paid", "valid", "grid"] {
        assert!(!any(name, "id-head"), "{name}");
    }
    assert!(!any("administrators", "admin-word"));
    assert!(!any("targets", "read-verb"));
}

#[test]
fn phrases_match_whatever_the_separators() {
    for name in
        ["api_key", "apiKey", "APIKey", "APIkey", "X-API-KEY", "apikey", "apikeys", "user_api_keys", "userApikey"]
    {
        assert!(head(name, "credential"), "{name}");
    }
    for name in ["accessToken", "accesstoken", "ACCESS_TOKEN", "oauth2AccessToken", "sessiontoken"] {
        assert!(head(name, "credential"), "{name}");
    }
    assert!(head("sessionid", "session-id"));
    assert!(head("fileName", "path-like"));
    assert!(head("filename", "path-like"));
}

#[test]
fn a_short_word_is_not_put_together_from_pieces() {
    assert!(whole("sid", "session-id"));
    assert!(!any("s_id", "session-id"));
    assert!(!any("p_in", "secret-field"));
    assert!(head("user_pin", "secret-field"));
}

#[test]
fn plurals_match_singular_entries_and_the_other_way_round() {
    assert!(whole("role", "privileged"));
    assert!(whole("roles", "privileged"));
    assert!(head("addresses", "pii"));
    assert!(whole("entry", "list-wrapper"));
}

#[test]
fn a_whole_name_entry_matches_nothing_longer() {
    assert!(whole("page[size]", "page-size"));
    assert!(whole("$top", "page-size"));
    assert!(whole("perPage", "page-size"));
    assert!(!head("rateLimit", "page-size"));
    assert!(whole("id", "server-field"));
    assert!(!head("customerId", "server-field"));
    assert!(!any("customerId", "server-field"));
}

#[test]
fn a_qualifier_rules_a_word_out() {
    assert!(head("homeAddress", "pii"));
    for name in
        ["ipAddress", "ip_address", "ipv4Address", "IPv6Address", "mac_address", "walletAddress", "serverAddresses"]
    {
        assert!(!head(name, "pii"), "{name}");
    }
    assert!(!head("supportEmail", "pii"));
    assert!(head("expression", "code-like"));
    assert!(!head("cronExpression", "code-like"));
}

#[test]
fn the_longest_entry_decides() {
    assert!(head("userEmailAddress", "pii"));
    assert!(!head("supportEmailAddress", "pii"));
}

#[test]
fn a_leading_x_is_dropped_only_where_the_list_says_so() {
    assert!(whole("X-User-Id", "identity-header"));
    assert!(whole("user-id", "identity-header"));
    assert!(!whole("Y-User-Id", "identity-header"));
    assert!(!whole("X-Limit", "page-size"));
}

#[test]
fn exact_entries_compare_the_text_without_case() {
    assert!(whole("x-http-method-override", "method-override"));
    assert!(whole("_method", "method-override"));
    assert!(!any("method", "method-override"));
    assert!(whole("__v", "internal-field"));
    assert!(!any("v", "internal-field"));
    assert!(whole("X-FORWARDED-For", "forward-header"));
    assert!(whole("X-RateLimit-Remaining", "rate-header"));
    assert!(!any("X-Forward", "forward-header"));
    assert!(whole("*", "wildcard-scope"));
}

#[test]
fn a_plural_that_is_listed_as_text_does_not_admit_its_singular() {
    assert!(whole("levels", "depth"));
    assert!(!any("logLevel", "depth"));
    assert!(head("maxLevel", "depth"));
}

#[test]
fn formats_are_replaced_whatever_their_case() {
    let lists = WordLists::builtin();
    let typo = lists.id("format-typo").unwrap();
    assert_eq!(lists.replacement(typo, "DateTime"), Some("date-time"));
    assert_eq!(lists.replacement(typo, "uuid"), None);
}

fn change(list: &str, add: &[&str], remove: &[&str]) -> Result<WordLists, WordError> {
    let own = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    WordLists::with_changes(&BTreeMap::from([(list.to_owned(), Change { add: own(add), remove: own(remove) })]))
}

#[test]
fn users_add_and_remove_entries() {
    let lists = change("credential", &["magic link"], &["jwt"]).unwrap();
    let credential = lists.id("credential").unwrap();
    assert!(lists.hits("magicLink").head(credential));
    assert!(!lists.hits("jwt").head(credential));
    assert!(lists.hits("password").head(credential));
    assert_eq!(lists.credential("magic_link", false), Some(Credential::Strong));
}

#[test]
fn additions_take_the_form_of_the_list() {
    let lists = change("page-size", &["batch size"], &[]).unwrap();
    let size = lists.id("page-size").unwrap();
    assert!(lists.hits("batchSize").whole(size));
    assert!(!lists.hits("maxBatchSize").head(size));
    let lists = change("rate-header", &["X-Quota-*"], &[]).unwrap();
    assert!(lists.hits("x-quota-left").whole(lists.id("rate-header").unwrap()));
}

#[test]
fn changes_that_cannot_be_made_are_errors() {
    assert_eq!(change("credentials", &[], &[]).unwrap_err(), WordError::UnknownList("credentials".to_owned()));
    assert_eq!(
        change("credential", &[], &["passwort"]).unwrap_err(),
        WordError::UnknownEntry { list: "credential".to_owned(), entry: "passwort".to_owned() }
    );
    assert_eq!(
        change("credential", &["--"], &[]).unwrap_err(),
        WordError::NoWord { list: "credential".to_owned(), entry: "--".to_owned() }
    );
}

#[test]
fn hostile_names_are_read_in_linear_time() {
    let lists = WordLists::builtin();
    let started = std::time::Instant::now();
    assert_eq!(lists.hits(&"a_".repeat(500_000)), Hits::default());
    lists.credential(&"1_".repeat(500_000), true);
    assert!(started.elapsed().as_secs() < 20);
}

fn credential(name: &str) -> Option<Credential> {
    WordLists::builtin().credential(name, false)
}

#[test]
fn words_and_phrases_make_strong_credentials() {
    for name in [
        "password",
        "user_password",
        "Passwords",
        "clientSecret",
        "api-key",
        "userApiKey",
        "apikey",
        "refreshToken",
        "credentials",
        "jwt",
        "passWord",
        "X-Api-Key",
    ] {
        assert_eq!(credential(name), Some(Credential::Strong), "{name}");
    }
}

#[test]
fn the_head_token_alone_is_a_bare_credential() {
    for name in ["token", "tokens", "Token1", "X-Token"] {
        assert_eq!(credential(name), Some(Credential::Bare), "{name}");
    }
}

#[test]
fn page_tokens_are_no_credentials() {
    for name in ["page_token", "nextToken", "continuation-token", "syncTokens", "csrfToken", "pagetoken"] {
        assert_eq!(credential(name), None, "{name}");
    }
}

#[test]
fn other_tokens_are_weak_credentials() {
    for name in ["deviceToken", "invite_token", "nonceToken"] {
        assert_eq!(credential(name), Some(Credential::Weak), "{name}");
    }
}

#[test]
fn names_about_credentials_are_none() {
    for name in ["tokenId", "secretPath", "passwordHint", "tokenType", "token_url", "keyId", "secretary", "key"] {
        assert_eq!(credential(name), None, "{name}");
    }
}

#[test]
fn authorization_is_a_credential_only_for_parameters() {
    assert_eq!(WordLists::builtin().credential("Authorization", true), Some(Credential::Strong));
    assert_eq!(credential("authorization"), None);
}

fn groups(path: &str, operation_id: Option<&str>) -> AuthGroups {
    let segments: Vec<&str> = path.split('/').skip(1).collect();
    WordLists::builtin().auth_groups(&segments, operation_id, &["Auth", "user accounts"])
}

const ISSUE: AuthGroups = AuthGroups(AuthGroups::TOKEN.0 | AuthGroups::TOKEN_ISSUE.0);
const NONE: AuthGroups = AuthGroups(0);

#[test]
fn the_last_static_segment_makes_an_auth_endpoint() {
    assert_eq!(groups("/login", None), AuthGroups::LOGIN);
    assert_eq!(groups("/users/{id}/sign-in", None), AuthGroups::LOGIN);
    assert_eq!(groups("/v1/signUp", None), AuthGroups::ENROL);
    assert_eq!(groups("/forgot_password/{email}", None), AuthGroups::RECOVER);
    assert_eq!(groups("/otp", None), AuthGroups::ONE_TIME);
    assert_eq!(groups("/v3/check-otp", None), AuthGroups::ONE_TIME);
    assert_eq!(groups("/auth/forget-password", None), AuthGroups::RECOVER);
    assert_eq!(groups("/auth/logout", None), AuthGroups::END);
    assert_eq!(groups("/login-history", None), NONE);
    assert_eq!(groups("/login/history", None), NONE);
}

#[test]
fn the_last_two_segments_are_read_together() {
    assert_eq!(groups("/password/reset", None), AuthGroups::RECOVER);
    assert_eq!(groups("/users/{id}/reset/password", None), AuthGroups::RECOVER);
    assert_eq!(groups("/password/{id}/reset", None), NONE);
}

#[test]
fn a_word_before_one_about_authentication_makes_an_auth_endpoint() {
    assert_eq!(groups("/verify-email", None), AuthGroups::ONE_TIME);
    assert_eq!(groups("/refresh-token", None), AuthGroups::TOKEN);
    assert_eq!(groups("/verify-invoice", None), NONE);
    assert_eq!(groups("/v1/verify", None), NONE);
}

#[test]
fn oauth_and_well_known_count_anywhere() {
    assert_eq!(groups("/oauth/clients/{id}", None), AuthGroups::TOKEN);
    assert_eq!(groups("/x/{y}/oauth2/clients", None), AuthGroups::TOKEN);
    assert_eq!(groups("/.well-known/openid-configuration", None), AuthGroups::TOKEN);
    assert_eq!(groups("/well-known/agents", None), NONE);
}

#[test]
fn weak_words_count_only_among_words_about_authentication() {
    assert_eq!(groups("/auth/token", None), ISSUE);
    assert_eq!(groups("/api/v1/users/register", None), AuthGroups::ENROL);
    assert_eq!(groups("/api/v{version}/account/verify", None), AuthGroups::ONE_TIME);
    assert_eq!(groups("/payments/token", None), NONE);
    assert_eq!(groups("/users/{id}/verify", None), NONE);
    assert_eq!(groups("/invoices/refresh", None), NONE);
    assert_eq!(groups("/2024-01-01/auth/refresh", None), AuthGroups::TOKEN);
}

#[test]
fn only_some_token_endpoints_issue_tokens() {
    assert_eq!(groups("/oauth/token", None), ISSUE);
    assert_eq!(groups("/oauth2/access_token", None), ISSUE);
    assert_eq!(groups("/oauth2", None), ISSUE);
    for path in [
        "/oauth/authorize",
        "/oauth/revoke",
        "/auth/token/refresh",
        "/oauth/jwks",
        "/oauth/introspect",
        "/auth/callback",
    ] {
        assert_eq!(groups(path, None), AuthGroups::TOKEN, "{path}");
    }
    assert!(groups("/oauth/logout", None).contains(AuthGroups::END));
    assert!(!groups("/oauth/logout", None).contains(AuthGroups::TOKEN_ISSUE));
}

#[test]
fn the_first_words_of_the_operation_id_make_an_auth_endpoint() {
    assert_eq!(groups("/x", Some("loginUser")), AuthGroups::LOGIN);
    assert_eq!(groups("/x", Some("log_in")), AuthGroups::LOGIN);
    assert_eq!(groups("/x", Some("resetPassword")), AuthGroups::RECOVER);
    assert_eq!(groups("/x", Some("getLogin")), NONE);
}

#[test]
fn an_operation_id_issues_tokens_by_its_first_words() {
    assert_eq!(groups("/x", Some("oauthToken")), ISSUE);
    assert_eq!(groups("/x", Some("oauth2")), ISSUE);
    assert_eq!(groups("/x", Some("oauthRevokeToken")), AuthGroups::TOKEN);
    assert_eq!(groups("/x", Some("oauth2PermissionGrants.delta")), AuthGroups::TOKEN);
}

#[test]
fn a_leading_tag_or_controller_name_is_skipped() {
    assert_eq!(groups("/x", Some("authLogin")), AuthGroups::LOGIN);
    assert_eq!(groups("/x", Some("UserAccounts_signUp")), AuthGroups::ENROL);
    assert_eq!(groups("/x", Some("SessionController_logout")), AuthGroups::END);
    assert_eq!(groups("/x", Some("storeLogin")), NONE);
}

#[test]
fn weak_words_of_the_operation_id_need_a_word_about_authentication_next() {
    assert_eq!(groups("/x", Some("verifyEmail")), AuthGroups::ONE_TIME);
    assert_eq!(groups("/x", Some("inviteUsers")), AuthGroups::RECOVER);
    assert_eq!(groups("/x", Some("refreshCache")), NONE);
    assert_eq!(groups("/x", Some("verify")), NONE);
}

fn admin(base: &[&str], path: &[&str]) -> bool {
    WordLists::builtin().admin_segment(base, path).is_some()
}

#[test]
fn whole_segments_and_the_word_admin_make_an_admin_path() {
    assert!(admin(&[], &["admin", "users"]));
    assert!(admin(&[], &["v1", "Admins"]));
    assert!(admin(&[], &["users", "admin-settings"]));
    assert!(admin(&[], &["back-office", "orders"]));
    assert!(admin(&[], &["x", "management"]));
}

#[test]
fn near_misses_are_no_admin_path() {
    assert!(!admin(&[], &["administrators"]));
    assert!(!admin(&[], &["cost-management"]));
    assert!(!admin(&[], &["users", "{adminId}"]));
    assert!(!admin(&[], &["badminton"]));
}

#[test]
fn root_is_administrative_only_as_first_segment() {
    assert!(admin(&[], &["root", "keys"]));
    assert!(admin(&[], &["v2", "root"]));
    assert!(!admin(&[], &["trees", "root"]));
}

#[test]
fn the_base_path_counts_by_whole_segments() {
    assert!(admin(&["admin", "v1"], &["users"]));
    assert!(!admin(&["my-admin"], &["users"]));
}

#[test]
fn placeholders_are_known_by_their_first_word() {
    let lists = WordLists::builtin();
    for value in [
        "changeme",
        "change-me",
        "CHANGE_ME_NOW",
        "example",
        "exampleKey123",
        "your-api-key",
        "YOUR_TOKEN",
        "yourtoken",
        "string",
        "xxxxxxxx",
        "XXXX-XXXX",
        "redacted",
        "todo: set",
        "Sample value",
        "",
    ] {
        assert!(lists.placeholder(value), "{value}");
    }
}

#[test]
fn templates_and_masks_are_placeholders() {
    let lists = WordLists::builtin();
    for value in
        ["<token>", "{token}", "${TOKEN}", "{{ token }}", "Bearer <your token>", "****", "sk_live_****1234", "••••••"]
    {
        assert!(lists.placeholder(value), "{value}");
    }
}

#[test]
fn other_values_are_no_placeholders() {
    let lists = WordLists::builtin();
    for value in ["hunter2", "s3cr3t", "admin", "a-sample", "password", "letmein", "Bearer abc", "yo"] {
        assert!(!lists.placeholder(value), "{value}");
    }
}
