//! Which addresses are targets, and why others are not.

use proptest::prelude::*;
use service::config::Targets;
use tempfile::NamedTempFile;

use super::{TargetError, TargetRules};

fn rules_of(settings: Targets) -> TargetRules {
    let own = ["go.example", "links.example:8443", "[2001:4860::1]"];
    TargetRules::new(settings, own.map(str::to_owned).to_vec()).unwrap()
}

fn rules() -> TargetRules {
    rules_of(Targets::default())
}

fn more_schemes() -> TargetRules {
    rules_of(Targets {
        schemes: ["mailto", "tel", "myapp"].map(str::to_owned).to_vec(),
        ..Targets::default()
    })
}

fn all(rules: &TargetRules, texts: &[&str], fault: &TargetError) {
    for text in texts {
        assert_eq!(rules.parse(text).as_ref(), Err(fault), "{text:?}");
    }
}

#[test]
fn an_address_takes_its_standard_form() {
    let target = rules().parse(" https://EXAMPLE.com/a b?q=ü ").unwrap();
    assert_eq!(target.into_string(), "https://example.com/a%20b?q=%C3%BC");
}

#[test]
fn each_fault_is_named() {
    let overlong = format!("https://example.com/{}", "ü".repeat(1_000));
    for (text, fault) in [
        ("", TargetError::Malformed),
        ("/page", TargetError::Malformed),
        ("https://", TargetError::Malformed),
        ("javascript:alert(1)", TargetError::Scheme),
        ("data:text/html,x", TargetError::Scheme),
        ("ftp://example.com", TargetError::Scheme),
        ("https://user:pass@example.com", TargetError::Credentials),
        ("https://example.com/\u{202e}gpj.exe", TargetError::Hostile),
        ("https://example.com/\0", TargetError::Hostile),
        ("java\nscript:alert(1)", TargetError::Hostile),
        (&overlong, TargetError::TooLong),
    ] {
        assert_eq!(rules().parse(text), Err(fault), "{text:?}");
    }
}

#[test]
fn schemes_that_are_allowed_are_targets() {
    for text in [
        "mailto:ada@example.com",
        "tel:+431234",
        "myapp://open/7",
        "myapp:7",
        "myapp://?x=1",
    ] {
        let target = more_schemes().parse(text).unwrap();
        assert_eq!(target.into_string(), text);
        assert_eq!(rules().parse(text), Err(TargetError::Scheme));
    }
}

const PRIVATE: [&str; 33] = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0177.0.0.01/",
    "http://127.0.0.1./",
    "http://①②⑦.0.0.1/",
    "http://0/",
    "http://10.1.2.3/",
    "http://172.20.0.1/",
    "http://192.168.0.1:8080/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[fe80::1]/",
    "http://[fd00::1]/",
    "http://[ff02::1]/",
    "http://224.0.0.1/",
    "http://localhost/",
    "http://LOCALHOST.:3000/",
    "http://app.localhost/",
    "http://printer.local/",
    "http://metadata.google.internal/",
    "http://ｌocalhost/",
    "http://router.home.arpa/",
    "http://intranet/",
    "myapp://127.0.0.1/",
    "myapp://2130706433/",
    "myapp://%6c%6fcalhost/",
];

#[test]
fn private_targets_are_refused_however_they_are_spelt() {
    all(&more_schemes(), &PRIVATE, &TargetError::Private);
}

#[test]
fn private_targets_may_be_allowed() {
    let rules = rules_of(Targets {
        is_private_allowed: true,
        schemes: vec!["myapp".to_owned()],
        ..Targets::default()
    });
    for text in PRIVATE {
        assert!(rules.parse(text).is_ok(), "{text}");
    }
}

#[test]
fn names_that_only_look_private_are_targets() {
    for text in [
        "https://localhost.example.com/",
        "https://notlocal.example/",
        "https://mylocalhost.example/",
        "https://internal.example/",
        "https://127.0.0.1.example/",
    ] {
        assert!(rules().parse(text).is_ok(), "{text}");
    }
}

#[test]
fn a_link_to_a_domain_of_short_links_is_refused() {
    let looped = [
        "https://go.example/spring",
        "http://GO.example./",
        "https://links.example:8443/x",
        "http://[2001:4860:0::1]/",
    ];
    all(&rules(), &looped, &TargetError::Loop);
    for text in [
        "https://www.go.example/",
        "https://go.example:3000/",
        "https://links.example/",
    ] {
        assert!(rules().parse(text).is_ok(), "{text}");
    }
}

#[test]
fn a_blocked_domain_is_refused() {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "bad.example\n").unwrap();
    let rules = rules_of(Targets {
        blocklist: Some(file.path().to_owned()),
        ..Targets::default()
    });
    let blocked = ["https://bad.example/", "https://A.bad.EXAMPLE./x"];
    all(&rules, &blocked, &TargetError::Blocked);
    assert!(rules.parse("https://good.example/").is_ok());
}

#[test]
fn a_blocked_address_is_refused_however_it_is_spelt() {
    let file = NamedTempFile::new().unwrap();
    std::fs::write(
        file.path(),
        "8.8.8.8\n[::ffff:9.9.9.9]\n[2606:4700::1111]\n",
    )
    .unwrap();
    let rules = rules_of(Targets {
        blocklist: Some(file.path().to_owned()),
        schemes: vec!["myapp".to_owned()],
        ..Targets::default()
    });
    let blocked = [
        "http://8.8.8.8/",
        "http://134744072/",
        "http://[::ffff:8.8.8.8]/",
        "http://[64:ff9b::808:808]/",
        "http://[2002:808:808::1]/",
        "http://9.9.9.9/",
        "http://[2606:4700:0::1111]/",
        "myapp://[::ffff:808:808]/",
    ];
    all(&rules, &blocked, &TargetError::Blocked);
    assert!(rules.parse("http://[::ffff:8.8.4.4]/").is_ok());
}

/// Texts that are, or nearly are, addresses.
fn addresses() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,60}",
        "(http|https|mailto|myapp|tel):(//)?[a-zA-Z0-9.:@%\\[\\]-]{0,20}(/[ -~äé]{0,20})?",
        "https?://[a-z0-9-]{1,9}\\.(example|com)(:[0-9]{1,5})?(/[ -~]{0,30})?",
        "(mailto|myapp):[ -~]{0,30}",
        "myapp://[ -~]{0,30}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_target_parses_to_itself(text in addresses()) {
        let rules = more_schemes();
        if let Ok(target) = rules.parse(&text) {
            let text = target.into_string();
            prop_assert_eq!(rules.parse(&text).map(super::Target::into_string), Ok(text));
        }
    }

    #[test]
    fn no_spelling_of_a_private_address_is_a_target(bits in 0_u32..1 << 24, spelling in 0..5) {
        let address = std::net::Ipv4Addr::from_bits(10 << 24 | bits);
        let [a, b, c, d] = address.octets();
        let host = match spelling {
            0 => address.to_string(),
            1 => address.to_bits().to_string(),
            2 => format!("0x{:x}", address.to_bits()),
            3 => format!("{a:#o}.{b}.{c}.{d}").replace("0o", "0"),
            _ => format!("[{}]", address.to_ipv6_mapped()),
        };
        let target = rules().parse(&format!("http://{host}/"));
        prop_assert_eq!(target, Err(TargetError::Private), "{}", host);
    }
}
