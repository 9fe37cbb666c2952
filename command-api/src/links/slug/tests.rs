//! What is a slug, what is none, and which are the same.

use icu_casemap::CaseMapper;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

use super::{BYTES_MAX, Slug, SlugError, key};

/// Words of one script, with marks, digits, and the signs between.
fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z0-9_-]{9,64}",
        "[a-zA-ZßäöüÄÖÜéèñçøåşğıŁłŐőẞ0-9_-]{1,40}",
        "[a-z]\u{301}[a-z]\u{323}\u{301}[a-z]{0,9}",
        "[Α-ΡΣ-Ωα-ωάΐΰώςΆ]{1,40}",
        "[А-Яа-яЁёІіЇї]{3,40}",
        "[א-ת]{1,40}",
        "[ء-غف-ي٠-٩]{1,40}",
        "[अ-ह][ा-ू०-९]{0,9}",
        "[ぁ-ゖァ-ヺ一-鿋a-z]{1,40}",
        "[가-힣]{1,40}",
        "[ᄀ-ᄒ][ᅡ-ᅵ][ᆨ-ᇂ]",
    ]
}

proptest! {
    #[test]
    fn a_slug_is_given_back_as_it_was_but_for_its_normal_form(text in words()) {
        // Some are reserved, such as `vl`; words that are long or not Latin hardly ever are.
        if let Ok(slug) = Slug::parse(&text) {
            prop_assert_eq!(slug.as_str(), text.nfc().collect::<String>());
        }
    }

    #[test]
    fn of_ascii_the_key_is_what_the_standard_folds_it_to(text in "[ -~]{0,64}") {
        let folded = CaseMapper::new().fold_string(&text);
        prop_assert_eq!(key(&text), folded.chars().collect::<String>());
    }

    #[test]
    fn a_slug_parses_to_itself(text in words()) {
        if let Ok(slug) = Slug::parse(&text) {
            prop_assert_eq!(Slug::parse(slug.as_str()), Ok(slug));
        }
    }

    #[test]
    fn however_it_is_spelt_it_has_one_key(text in words()) {
        let composed = Slug::parse(&text).map(|it| key(it.as_str()));
        let decomposed = Slug::parse(&text.nfd().collect::<String>());
        prop_assert_eq!(composed, decomposed.map(|it| key(it.as_str())));
    }

    #[test]
    fn upper_and_lower_case_have_one_key_where_case_tells_nothing_apart(text in words()) {
        // What has no other case but a longer one, as ŉ has, or one that reads otherwise, as ı has, is no example.
        prop_assume!(text.to_uppercase().to_lowercase() == text.to_lowercase());
        let upper = Slug::parse(&text.to_uppercase());
        if let (Ok(slug), Ok(upper)) = (Slug::parse(&text), upper) {
            prop_assert_eq!(key(slug.as_str()), key(upper.as_str()));
        }
    }

    #[test]
    fn folding_twice_is_folding_once(text in words()) {
        if let Ok(slug) = Slug::parse(&text) {
            prop_assert_eq!(key(&key(slug.as_str())), key(slug.as_str()));
        }
    }

    #[test]
    fn a_slug_survives_the_path_of_a_url(text in words()) {
        if let Ok(slug) = Slug::parse(&text) {
            let path = utf8_percent_encode(slug.as_str(), NON_ALPHANUMERIC);
            let url = url::Url::parse(&format!("https://go.example/{path}")).unwrap();
            let segment = url.path().strip_prefix('/').unwrap();
            let decoded = percent_decode_str(segment).decode_utf8().unwrap();
            prop_assert_eq!(Slug::parse(&decoded), Ok(slug));
        }
    }

    #[test]
    fn any_text_is_a_slug_or_none(text in "\\PC{0,80}") {
        if let Ok(slug) = Slug::parse(&text) {
            let text = slug.as_str();
            prop_assert!(text.chars().count() <= 64 && text.len() <= BYTES_MAX);
            prop_assert!(text.chars().all(|c| c.is_alphanumeric() || !c.is_ascii() || "-_".contains(c)));
        }
    }
}

#[test]
fn words_of_many_scripts_are_slugs() {
    for text in [
        "spring-26",
        "Grüße",
        "naïve",
        "été",
        "İstanbul",
        "привет",
        "καλημέρα",
        "שלום",
        "مرحبا",
        "नमस्ते",
        "สวัสดี",
        "こんにちは",
        "東京タワーA1",
        "안녕하세요",
        "ქართული",
        "7",
    ] {
        assert!(Slug::parse(text).is_ok(), "{text}");
    }
}

#[test]
fn case_is_kept_and_tells_slugs_apart_only_where_it_is_to() {
    for (one, other) in [
        ("Spring", "sPRING"),
        ("Straße", "STRASSE"),
        ("ΟΔΟΣ", "οδος"),
        ("Ёлка", "ёлка"),
    ] {
        let (one, other) = (Slug::parse(one).unwrap(), Slug::parse(other).unwrap());
        assert_eq!(key(one.as_str()), key(other.as_str()));
    }
    assert_eq!(Slug::parse("Spring").unwrap().as_str(), "Spring");
}

#[test]
fn what_has_no_place_in_a_slug_is_refused() {
    for text in [
        "a+",
        "+",
        "a/b",
        "a b",
        "a.b",
        "a%20b",
        "a?b",
        "a#b",
        "..",
        "a\0b",
        "a\nb",
        "a\u{202e}b",
        "a\u{200b}b",
        "a\u{200d}b",
        "a\u{ad}b",
        "a\u{fe0f}",
        "\u{feff}a",
        "😀",
        "☃",
        "ﬁ",
        "ａ",
        "℃",
        "²",
        "½",
        "\u{301}a",
        "\u{e000}",
        "a\u{3164}",
    ] {
        assert_eq!(Slug::parse(text), Err(SlugError::Character), "{text:?}");
    }
}

#[test]
fn scripts_that_are_not_written_together_are_refused() {
    for text in ["pаypal", "gοogle", "аpple", "aש", "xя", "αβя", "שм"] {
        assert_eq!(Slug::parse(text), Err(SlugError::Mixed), "{text}");
    }
}

#[test]
fn a_slug_is_bounded_in_characters_and_in_bytes() {
    assert!(Slug::parse(&"東".repeat(64)).is_ok());
    // Three marks that join their letter: 65 characters sent, 64 kept.
    assert!(Slug::parse(&format!("e\u{301}{}", "a".repeat(63))).is_ok());
    for text in [
        String::new(),
        "a".repeat(65),
        "東".repeat(65),
        "𠮷".repeat(49),
        "a".repeat(1 << 20),
    ] {
        assert_eq!(Slug::parse(&text), Err(SlugError::Length));
    }
}
