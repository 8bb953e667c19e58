//! `settle events`: the log of what was done to the archive.

use chrono::NaiveTime;

use super::args::{Common, Format};
use super::args_verify::EventsArgs;
use super::failure::Failure;
use super::world::World;
use crate::archive::{Archive, EventRecord, check_chain};
use crate::domain::{ExitCode, Instant};
use crate::export::{Target, WriteError, events_csv, events_text, json_text};
use crate::report::{EventLine, EventsDocument, event_summary};

pub(super) fn run(common: &Common, args: &EventsArgs, world: &mut World<'_>) -> Result<ExitCode, Failure> {
    let settings = super::config::load(common, world)?;
    let archive = Archive::open_existing(&settings.data_dir)?;
    let events = archive.catalog.events()?;
    let since = args.since.map(|day| day.and_time(NaiveTime::MIN).and_utc().timestamp_millis());
    let whole = check_chain(&events).is_empty();
    let document = EventsDocument {
        schema: "settle.events/1",
        events: events.iter().filter(|event| since.is_none_or(|since| event.at_ms >= since)).map(line).collect(),
        chain: if whole { "whole" } else { "broken" },
    };
    let text = match common.format {
        Some(Format::Json) => json_text(&document)?,
        Some(Format::Csv) => events_csv(&document, args.csv_dialect)?,
        None | Some(Format::Text) => events_text(&document),
        Some(other) => return Err(Failure::no_form("a log", other, "text, json or csv")),
    };
    let target = Target::new(common.output.as_deref());
    target.write(world.stdout, |out| out.write_all(text.as_bytes()).map_err(WriteError::from))?;
    if !whole {
        world.say("settle: error: the log of events was changed after it was written");
        world.say("hint: `settle verify` says where");
    }
    Ok(document.exit_code())
}

fn line(event: &EventRecord) -> EventLine {
    let facts = event.facts();
    EventLine {
        number: event.number,
        at: Instant::new(event.at_ms, 0).to_string(),
        kind: event.kind.clone(),
        summary: event_summary(&event.kind, &facts),
        facts,
        hash: event.hash.clone(),
    }
}
