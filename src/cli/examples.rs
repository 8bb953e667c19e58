//! What the help of each command leads with, and the command as it is parsed, printed and written to man pages.

use clap::CommandFactory;

use super::args::Cli;

const EXAMPLES: &str = "\
Examples:
  settle report --month 2026-09 --from ~/Downloads/amazon-pay
      the month statement, straight from files saved in Seller Central
  settle import ~/Downloads/amazon-pay
      keep those files in the archive, once and for ever
  settle report --month 2026-09 --format csv -o september.csv
      the month statement from the archive, as a table";

const REPORT_EXAMPLES: &str = "\
Examples:
  settle report --month 2026-09 --from reports/
  settle report --month 2026-09 --basis payout --timezone Europe/Paris
  settle report --from-date 2026-07-01 --until-date 2026-10-01 --format json
  settle report --month 2026-09 --format html --language fr -o september.html
  settle report --settlement 5984862222 -v";

const IMPORT_EXAMPLES: &str = "\
Examples:
  settle import ~/Downloads/*.csv reports.zip
  settle import --dry-run ~/Downloads
  curl -s https://files.example/settlement.csv | settle import -";

const DAEMON_EXAMPLES: &str = "\
Examples:
  settle daemon
      until it is stopped: `settle run` whenever schedule.cron in settle.toml says so
  settle schedule print --daemon
      the systemd service that keeps it running";

const STATUS_EXAMPLES: &str = "\
Examples:
  settle status
  settle status --max-age 26h -q || mail -s 'settle is late' me@shop.example < /dev/null
  settle status --format json | jq .next_run";

const SCHEDULE_EXAMPLES: &str = "\
Examples:
  settle schedule print --systemd
  sudo settle schedule print --systemd -o /etc/systemd/system --config /etc/settle/settle.toml
  settle schedule print --cron";

const DISPUTES_EXAMPLES: &str = "\
Examples:
  settle disputes --open --due-within 7d
  settle disputes --month 2026-09 --by kind --from reports/
  settle disputes --format ics -o disputes.ics
  settle disputes --evidence cases/ --case P02-1234567-1234567-chargeback-EUR";

const EXPORT_EXAMPLES: &str = "\
Examples:
  settle export --month 2026-09 --preset fec -o exports/
  settle export --month 2026-09 --preset datev --by day -o exports/
  settle export --month 2026-09 --preset journal --orders orders.csv -o journal.csv
  settle export --month 2026-09 --preset hledger --from reports/ | hledger -f - balance
  settle export --month 2026-09 --preset transactions --csv-dialect excel-fr -o rows.csv";

const KEYS_EXAMPLES: &str = "\
Examples:
  settle keys generate --account shop-fr > shop-fr-public.pem
      a key pair: the private key beside settle.toml, the public key to register in Seller Central
  settle keys upgrade --account shop-old --dry-run
  settle keys upgrade --account shop-old --write
      from the MWS keys of an account to an Amazon Pay API key";

const DOCTOR_EXAMPLES: &str = "\
Examples:
  settle doctor
  settle doctor --offline
  settle doctor -v --account shop-fr";

const INIT_EXAMPLES: &str = "\
Examples:
  settle init
      asks for everything; have Seller Central at hand
  settle init --no-input --country FR --merchant-id A1EXAMPLE --source pay-api --generate-key
  settle init --no-input --country DE --merchant-id A2EXAMPLE --source mws --name shop-old \\
      --access-key-id AKIAEXAMPLE --secret-key-file mws-secret";

const RECONCILE_EXAMPLES: &str = "\
Examples:
  settle reconcile --month 2026-09 --from reports/ --bank september.xml
  settle reconcile --month 2026-09 --bank ~/bank/*.sta --orders orders.csv
  settle reconcile --at 2026-12-31 --bank december.zip january.zip --format json";

const RESOLVE_EXAMPLES: &str = "\
Examples:
  settle resolve
      every settlement that is there twice: both documents, and which one counts
  settle resolve 5984862222 --keep 3f9a1c --reason 'reissued by Amazon on 12 October'
  settle resolve 5984862222 --keep newer
      whatever Amazon makes later of this settlement counts, too";

const DIFF_EXAMPLES: &str = "\
Examples:
  settle diff settlement.csv settlement-reissued.csv
  settle diff --settlement 5984862222 --format csv -o changes.csv
  settle diff --month 2026-09
      a closed month against what is known now";
const VERIFY_EXAMPLES: &str = "\
Examples:
  settle verify
      names, lengths, the catalog and the log of events; quick
  settle verify --read-data
      every byte: stored files against their names, Parquet value by value, totals, sealed packs
  settle verify --share 1/30
      the part whose turn it is today; `settle run` does that each night (verify.nightly_share)
  settle verify --rebuild
      the catalog and all Parquet files anew from the stored files and the log; the old catalog is kept
  settle verify settle-2026-09.zip
      a sealed pack, on any machine: everything in it is made again from its own documents and compared";

const BACKUP_EXAMPLES: &str = "\
Examples:
  settle backup /mnt/backup/settle
      whole at every moment, also while a run is at work; the next time only what is new is copied
  settle verify --read-data --data-dir /mnt/backup/settle
      a backup is a data folder; keep it as safely as the folder itself, its key of pseudonyms is in it
  settle restore /mnt/backup/settle --data-dir /var/lib/settle";

const FORGET_EXAMPLES: &str = "\
Examples:
  settle forget ann@example.com --dry-run
  settle forget P02-1234567-1234567
      name, addresses and e-mail leave every report; amounts, dates and order numbers stay, and no figure changes";

/// What the help of each command leads with.
const COMMAND_EXAMPLES: &[(&str, &str)] = &[
    ("report", REPORT_EXAMPLES),
    ("disputes", DISPUTES_EXAMPLES),
    ("import", IMPORT_EXAMPLES),
    (
        "fetch",
        "Examples:\n  settle fetch\n  settle fetch --dry-run --account shop-fr\n  settle fetch --since 2026-09-01 -v",
    ),
    ("run", "Examples:\n  settle run\n  settle run -q --config /etc/settle/settle.toml\n  settle run --format json -v"),
    ("daemon", DAEMON_EXAMPLES),
    ("status", STATUS_EXAMPLES),
    ("schedule", SCHEDULE_EXAMPLES),
    ("export", EXPORT_EXAMPLES),
    (
        "close",
        "Examples:\n  settle close 2026-09 --bank september.xml -o september.zip\n  settle close 2026-09 --accept \
         unknown_type --reason 'asked Amazon, case 4711'",
    ),
    ("reopen", "Examples:\n  settle reopen 2026-09 --reason 'the report of 14 September came late'"),
    (
        "verify",
        "Examples:\n  settle verify september.zip\n  settle verify september.zip --from ~/Downloads/amazon-pay\n      \
         where the pack holds only the hashes of its documents",
    ),
    (
        "explain",
        "Examples:\n  settle explain --month 2026-09\n      all figures and their paths\n  settle explain \
         accounts.shop-fr.EUR.movements.refund.net --pack september.zip\n  settle explain \
         accounts.shop-fr.EUR.closing_balance --month 2026-09 --rows --format csv",
    ),
    ("check", "Examples:\n  settle check fec 123456789FEC20260930.txt"),
    ("keys", KEYS_EXAMPLES),
    ("doctor", DOCTOR_EXAMPLES),
    ("init", INIT_EXAMPLES),
    ("reconcile", RECONCILE_EXAMPLES),
    ("resolve", RESOLVE_EXAMPLES),
    ("diff", DIFF_EXAMPLES),
    ("verify", VERIFY_EXAMPLES),
    ("backup", BACKUP_EXAMPLES),
    (
        "restore",
        "Examples:\n  settle restore /mnt/backup/settle\n  settle restore /mnt/backup/settle --data-dir elsewhere\n  settle restore /mnt/backup/settle --force",
    ),
    (
        "purge",
        "Examples:\n  settle purge --before 2023-01-01 --dry-run\n  settle purge --before 2023-01-01\n      captures and refunds lose their buyers, other reports of buyers go whole; settlements stay as they are",
    ),
    ("forget", FORGET_EXAMPLES),
    (
        "events",
        "Examples:\n  settle events --since 2026-09-01\n  settle events --format json | jq '.events[] | select(.kind == \"close\")'",
    ),
    ("config", "Examples:\n  settle config show\n  settle config show --origin"),
    ("completions", "Examples:\n  settle completions bash > ~/.local/share/bash-completion/completions/settle"),
    ("man", "Examples:\n  settle man | man -l -\n  settle man ~/.local/share/man/man1"),
];

/// The command for parsing, help and man pages: help leads with examples.
#[must_use]
pub fn command() -> clap::Command {
    let template = "{about}\n\n{before-help}{usage-heading} {usage}\n\n{all-args}{after-help}";
    let command = Cli::command().before_help(EXAMPLES).help_template(template);
    COMMAND_EXAMPLES.iter().fold(command, |command, &(name, examples)| {
        command.mut_subcommand(name, |sub| sub.before_help(examples).help_template(template))
    })
}
