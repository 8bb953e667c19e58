//! MWS answers as a tree of elements, by local name. Bounded in depth and size; a DOCTYPE is refused.

use quick_xml::Reader;
use quick_xml::events::Event;

/// Elements within elements; Amazon's answers have five.
const DEPTH_MAX: usize = 32;
/// Elements of one answer: a page of a hundred reports has about a thousand.
const ELEMENTS_MAX: usize = 100_000;
const TOO_LARGE: &str = "it is deeper or longer than any answer";

/// One element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Element {
    /// Its name without a namespace.
    pub(super) name: String,
    /// Its text, trimmed.
    pub(super) text: String,
    /// The elements in it.
    pub(super) children: Vec<Element>,
}

impl Element {
    /// The first child of a name.
    pub(super) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Every child of a name.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of a child, where there is one with text.
    pub(super) fn text_of(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str()).filter(|text| !text.is_empty())
    }
}

/// Reads a document.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read_xml(bytes: &[u8]) -> Result<Element, String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    let mut reader = Reader::from_str(text.trim_start_matches('\u{feff}'));
    let mut open: Vec<Element> = vec![Element::default()];
    let mut count = 0;
    loop {
        match reader.read_event().map_err(|why| why.to_string())? {
            Event::Start(tag) => {
                count_one(&mut count)?;
                if open.len() > DEPTH_MAX {
                    return Err(TOO_LARGE.to_owned());
                }
                open.push(Element { name: tag.local_name().as_ref().to_owned(), ..Element::default() });
            }
            Event::Empty(tag) => {
                count_one(&mut count)?;
                let element = Element { name: tag.local_name().as_ref().to_owned(), ..Element::default() };
                push(&mut open, element)?;
            }
            Event::End(_) => {
                let mut element = open.pop().ok_or("an element ends that never began")?;
                element.text = element.text.trim().to_owned();
                push(&mut open, element)?;
            }
            Event::Text(piece) => add(&mut open, &piece),
            Event::CData(piece) => add(&mut open, &piece),
            Event::GeneralRef(name) => {
                let reference = format!("&{};", &*name);
                add(&mut open, &quick_xml::escape::unescape(&reference).map_err(|why| why.to_string())?);
            }
            Event::DocType(_) => return Err("it has a DOCTYPE, which is refused".to_owned()),
            Event::Eof => break,
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
        }
    }
    let mut document = open.pop().filter(|_| open.is_empty()).ok_or("it ends in the middle")?;
    match (document.children.pop(), document.children.is_empty()) {
        (Some(root), true) => Ok(root),
        _ => Err("it is not one element".to_owned()),
    }
}

/// Counts an element, with content or without.
fn count_one(count: &mut usize) -> Result<(), String> {
    *count += 1;
    if *count > ELEMENTS_MAX { Err(TOO_LARGE.to_owned()) } else { Ok(()) }
}

fn push(open: &mut [Element], element: Element) -> Result<(), String> {
    open.last_mut().ok_or("an element ends that never began")?.children.push(element);
    Ok(())
}

fn add(open: &mut [Element], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn elements_are_found_by_local_name_in_any_order() {
        let text = "<?xml version=\"1.0\"?>\n<a:R xmlns:a=\"urn:x\"><a:B> 1&amp;2&#x41; </a:B><C/><B><![CDATA[<3>]]></B></a:R>";
        let root = read_xml(text.as_bytes()).unwrap();
        assert_eq!(root.name, "R");
        assert_eq!(root.all("B").map(|b| b.text.as_str()).collect::<Vec<_>>(), ["1&2A", "<3>"]);
        assert_eq!((root.text_of("B"), root.text_of("C"), root.text_of("D")), (Some("1&2A"), None, None));
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for text in [
            "",
            "hello",
            "<a>",
            "<a></b>",
            "</a>",
            "<a/><b/>",
            "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>",
            "<a>&unknown;</a>",
            &"<a>".repeat(100),
        ] {
            assert!(read_xml(text.as_bytes()).is_err(), "{text}");
        }
        assert!(read_xml(b"<a>\xff</a>").is_err());
    }

    #[test]
    fn empty_elements_count_as_elements() {
        let many = |piece: &str, count| read_xml(format!("<a>{}</a>", piece.repeat(count)).as_bytes());
        for piece in ["<b/>", "<b></b>"] {
            assert_eq!(many(piece, ELEMENTS_MAX - 1).unwrap().children.len(), ELEMENTS_MAX - 1);
            assert_eq!(many(piece, ELEMENTS_MAX).unwrap_err(), TOO_LARGE);
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[<>/a&;!\\-\\[\\]?\"= ]{0,40}") {
            let _ = read_xml(text.as_bytes());
        }
    }
}
