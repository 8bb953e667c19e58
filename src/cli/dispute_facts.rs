//! From what was loaded to the facts of disputes: a second pass over the settlements, because a capture stands
//! before the dispute that makes it interesting.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::accounts::Accounts;
use super::args::Common;
use super::dispute_notices::NoticeGate;
use super::failure::Failure;
use super::load::{KeptRecords, Loaded, read_options};
use super::progress::Progress;
use super::world::World;
use crate::archive::ArchiveError;
use crate::disputes::{
    AccountFact, CaptureRecord, CaseReceiver, Clock, Collected, Facts, Notice, Place, RefundRecord, RowSource,
    build_cases, check_partition,
};
use crate::domain::{AccountName, Currency, DocumentId, ExitCode, Month, Period, RowKind, SellerId, Sum};
use crate::parse::{DocumentKind, Fault, Input, ReadOptions, Records, TransactionRecord, latest_states, read_document};
use crate::reconcile::{SettlementDocument, settle_conflicts};
use crate::report::{DisputeFacts, Problem, Severity, conflict_problems};

/// The facts, and the files behind them for excerpts.
#[derive(Default)]
pub(super) struct Known {
    pub(super) disputes: DisputeFacts,
    pub(super) files: HashMap<String, SourceFile>,
}

/// A file that can be opened again.
pub(super) struct SourceFile {
    pub(super) input: Input,
    pub(super) id: DocumentId,
    pub(super) kind: DocumentKind,
}

/// Gathers the facts; `month` bounds the period of every account in its own zone.
pub(super) fn gather_facts(
    mut loaded: Loaded,
    month: Option<Month>,
    accounts: &Accounts,
    clock: &Clock<'_>,
    common: &Common,
    world: &mut World<'_>,
) -> Result<Known, Failure> {
    let loaded_facts = std::mem::take(&mut loaded.facts);
    let mut files = source_files(&loaded, &loaded_facts.documents);
    let (documents, conflicts) = settle_conflicts(loaded_facts.documents);
    let mut known =
        DisputeFacts { problems: loaded_facts.problems, sources: loaded_facts.sources, ..DisputeFacts::default() };
    known.problems.extend(conflict_problems(&conflicts));
    known.problems.extend(unknown_types(&documents));
    let facts = &mut known.facts;
    facts.accounts = account_facts(&documents, month, accounts)?;
    facts.sources = documents.iter().map(row_source).collect();
    let mut gate = NoticeGate::new(accounts, &loaded, clock)?;
    for kept in &loaded.records {
        gate.take(kept, accounts, facts, &mut known.problems);
    }
    facts.notices.sort_by(|a, b| (a.read.notified, &a.file).cmp(&(b.read.notified, &b.file)));
    add_account_facts(&mut facts.accounts, &facts.notices, month, accounts)?;
    let transactions = transaction_records(&loaded.records);
    let wanted = Arc::new(wanted_orders(&documents, facts, &transactions));
    take_transactions(transactions, &wanted, facts);
    let disputed = facts.refunds.iter().any(RefundRecord::is_claim) || !wanted.is_empty() || has_disputes(&documents);
    if disputed {
        let collected = collect(&documents, &files, &wanted, accounts, common, world)?;
        for (document, collected) in documents.iter().zip(collected) {
            facts.rows.extend(collected.rows);
            facts.reserves.extend(collected.reserves);
            let months = known.captures.entry(document.account.clone()).or_default();
            for (key, captures) in collected.captures {
                months.entry(key).or_default().merge(captures);
            }
        }
    }
    if !common.account.is_empty() {
        leave_out_strangers(&mut known.facts, &common.account);
    }
    known.cases = build_cases(&known.facts, clock);
    known.partitions = check_partition(&known.cases, folded(&documents));
    if known.sources.is_empty() {
        let message = "no report was found, so nothing is known of disputes".to_owned();
        known.problems.push(Problem::new(Severity::Warning, "nothing_known", message));
    }
    for kept in std::mem::take(&mut loaded.records) {
        files.insert(kept.file, SourceFile { input: kept.input, id: kept.id, kind: kept.kind });
    }
    Ok(Known { disputes: known, files })
}

/// Refund reports and objects name no merchant. Where accounts were selected, those are left out that concern no
/// order of theirs: they are of the accounts that were not asked for.
fn leave_out_strangers(facts: &mut Facts, selected: &[String]) {
    let orders: HashSet<&str> = facts.rows.iter().map(|row| row.order_reference_id.as_str()).collect();
    let named = |account: &Option<AccountName>| {
        account.as_ref().is_some_and(|account| selected.iter().any(|name| name == account.as_str()))
    };
    facts.refunds.retain(|refund| named(&refund.account) || orders.contains(refund.order_reference_id.as_str()));
    facts.objects.retain(|object| {
        let order = object.read.order_reference_id();
        named(&object.account) || order.is_some_and(|order| orders.contains(order.as_str()))
    });
}

/// Settlement files by their names. Documents and inputs were pushed side by side.
fn source_files(loaded: &Loaded, documents: &[SettlementDocument]) -> HashMap<String, SourceFile> {
    let pairs = documents.iter().zip(&loaded.settlements);
    let file = |(document, input): (&SettlementDocument, &Input)| {
        let kind = DocumentKind::Settlement;
        (document.file.clone(), SourceFile { input: input.clone(), id: document.id.clone(), kind })
    };
    pairs.map(file).collect()
}

fn row_source(document: &SettlementDocument) -> RowSource {
    RowSource {
        account: document.account.clone(),
        file: document.file.clone(),
        id: document.id.clone(),
        end: document.end,
        paid: document.digest.payouts.iter().map(|payout| payout.posted).min(),
    }
}

fn has_disputes(documents: &[SettlementDocument]) -> bool {
    documents.iter().any(|document| document.digest.cases.iter().any(|case| case.kind.is_dispute()))
}

/// Dispute rows as the digests count them: the other side of the proof that each is in one case.
fn folded(documents: &[SettlementDocument]) -> impl Iterator<Item = (AccountName, Currency, u64, Sum)> {
    documents.iter().flat_map(|document| {
        let buckets = document.digest.buckets.iter().filter(|bucket| bucket.kind.is_dispute());
        buckets.map(|bucket| (document.account.clone(), bucket.currency, bucket.tally.count, bucket.tally.net))
    })
}

/// A row of an unknown type could be a dispute; it is in no case, and that is said.
fn unknown_types(documents: &[SettlementDocument]) -> Vec<Problem> {
    let mut words: BTreeMap<&str, (u64, &str, u64)> = BTreeMap::new();
    for document in documents {
        for bucket in document.digest.buckets.iter().filter(|bucket| bucket.kind == RowKind::Unknown) {
            let known = words.entry(&bucket.word).or_insert((0, &document.file, bucket.line));
            known.0 += bucket.tally.count;
        }
    }
    let problem = |(word, (count, file, line)): (&str, (u64, &str, u64))| {
        let message = format!("{count} row(s) of the unknown type `{}` are in no case", word.escape_debug());
        Problem { line: Some(line), ..Problem::new(Severity::Warning, "unknown_type", message).in_file(file) }
    };
    words.into_iter().map(problem).collect()
}

fn account_facts(
    documents: &[SettlementDocument],
    month: Option<Month>,
    accounts: &Accounts,
) -> Result<Vec<AccountFact>, Failure> {
    let mut sellers: BTreeMap<&AccountName, Option<&SellerId>> = BTreeMap::new();
    for document in documents {
        sellers.insert(&document.account, document.seller_id.as_ref());
    }
    let fact = |(account, seller): (&AccountName, Option<&SellerId>)| account_fact(account, seller, month, accounts);
    sellers.into_iter().map(fact).collect()
}

/// Accounts that are known from notifications alone.
fn add_account_facts(
    known: &mut Vec<AccountFact>,
    notices: &[Notice],
    month: Option<Month>,
    accounts: &Accounts,
) -> Result<(), Failure> {
    for notice in notices {
        if known.iter().all(|fact| fact.account != notice.account) {
            known.push(account_fact(&notice.account, notice.read.seller_id.as_ref(), month, accounts)?);
        }
    }
    Ok(())
}

fn account_fact(
    account: &AccountName,
    seller: Option<&SellerId>,
    month: Option<Month>,
    accounts: &Accounts,
) -> Result<AccountFact, Failure> {
    let zone = accounts.zone(seller);
    let configured = seller.zip(accounts.settings()).and_then(|(seller, settings)| settings.account_of(seller));
    let period = month.map(|month| Period::of_month(month, zone)).transpose()?;
    Ok(AccountFact { account: account.clone(), zone, country: configured.map(|account| account.country), period })
}

/// A record and the file in which it stands.
type Filed<'a> = (&'a KeptRecords, &'a TransactionRecord);

/// Refunds and captures of all files, each in its latest state: a refund can be pending in one month's report
/// and completed in the next one's.
fn transaction_records(records: &[KeptRecords]) -> Vec<Filed<'_>> {
    let mut latest: BTreeMap<(DocumentKind, &str), Filed<'_>> = BTreeMap::new();
    for kept in records.iter().filter(|kept| matches!(kept.kind, DocumentKind::Refund | DocumentKind::Capture)) {
        let Records::Transactions(rows) = &kept.records else { continue };
        for row in latest_states(rows) {
            let rank = |row: &TransactionRecord| (row.updated, !row.status.eq_ignore_ascii_case("pending"));
            let known = latest.entry((kept.kind, &row.object_id)).or_insert((kept, row));
            if rank(row) > rank(known.1) {
                *known = (kept, row);
            }
        }
    }
    latest.into_values().collect()
}

/// Orders whose captures and refunds are wanted.
fn wanted_orders(documents: &[SettlementDocument], facts: &Facts, transactions: &[Filed<'_>]) -> HashSet<String> {
    let cases = documents.iter().flat_map(|document| &document.digest.cases);
    let cases = cases.filter(|case| case.kind.is_dispute()).map(|case| case.order_reference_id.clone());
    let notices = facts.notices.iter().map(|notice| notice.read.order_reference_id.as_str().trim().to_owned());
    let objects = facts.objects.iter().filter_map(|object| object.read.order_reference_id());
    let objects = objects.map(|order| order.as_str().to_owned());
    let claims = transactions.iter().filter(|filed| refund(filed).is_some_and(|refund| refund.is_claim()));
    let claims = claims.map(|(_, row)| row.order_reference_id.trim().to_owned());
    let mut wanted: HashSet<String> = cases.chain(notices).chain(objects).chain(claims).collect();
    wanted.remove("");
    wanted
}

fn refund(&(kept, row): &Filed<'_>) -> Option<RefundRecord> {
    (kept.kind == DocumentKind::Refund).then(|| RefundRecord {
        refund_id: row.object_id.clone(),
        capture_id: row.capture_id.trim().to_owned(),
        order_reference_id: row.order_reference_id.trim().to_owned(),
        amount: row.amount.zip(row.currency),
        status: row.status.clone(),
        reason: row.reason.clone(),
        refund_type: row.object_type.clone(),
        at: row.updated.or(row.created),
        account: kept.account.clone(),
        place: Place { file: kept.file.clone(), line: Some(row.line) },
    })
}

fn take_transactions(transactions: Vec<Filed<'_>>, wanted: &HashSet<String>, facts: &mut Facts) {
    for filed in transactions {
        let (kept, row) = filed;
        let order = row.order_reference_id.trim();
        match refund(&filed) {
            Some(refund) if refund.is_claim() || wanted.contains(order) => facts.refunds.push(refund),
            None if wanted.contains(order) && is_captured(row) => facts.captures.push(CaptureRecord {
                capture_id: row.object_id.clone(),
                reference_id: row.reference_id.clone(),
                order_reference_id: order.to_owned(),
                amount: row.amount.zip(row.currency),
                at: row.created.or(row.updated),
                place: Place { file: kept.file.clone(), line: Some(row.line) },
            }),
            _ => {}
        }
    }
}

/// A capture that is pending or declined took no money.
fn is_captured(row: &TransactionRecord) -> bool {
    ["completed", "closed"].iter().any(|status| row.status.eq_ignore_ascii_case(status))
}

/// The second pass: every settlement that counts, read once more.
fn collect(
    documents: &[SettlementDocument],
    files: &HashMap<String, SourceFile>,
    wanted: &Arc<HashSet<String>>,
    accounts: &Accounts,
    common: &Common,
    world: &mut World<'_>,
) -> Result<Vec<Collected>, Failure> {
    let inputs: Vec<Input> =
        documents.iter().filter_map(|document| files.get(&document.file)).map(|file| file.input.clone()).collect();
    let mut bar = Progress::over(&inputs, common, world);
    let options = ReadOptions { watch: bar.watch(), ..read_options(world) };
    let mut all = Vec::with_capacity(documents.len());
    for (source, document) in documents.iter().enumerate() {
        let Some(file) = files.get(&document.file) else { continue };
        let zone = accounts.zone(document.seller_id.as_ref());
        let mut receiver = CaseReceiver::new(Arc::clone(wanted), zone, source);
        let read = read_document(&file.input, &options, &mut receiver, None);
        bar.finish_one(&file.input);
        let read = read.map_err(|refused| read_again_failed(&document.file, refused.error.fault))?;
        if read.id != document.id {
            return Err(changed(file, &document.id, read.id));
        }
        all.push(receiver.finish());
    }
    bar.finish();
    Ok(all)
}

fn read_again_failed(file: &str, fault: Fault) -> Failure {
    let message = format!("{file}: it was read once and cannot be read again: {fault}");
    Failure::new(ExitCode::Storage, message)
}

/// The bytes are others than a moment ago, or than an archived document's name says.
fn changed(file: &SourceFile, stated: &DocumentId, computed: DocumentId) -> Failure {
    let path = file.input.name().into();
    ArchiveError::Damaged { path, stated: stated.clone(), computed }.into()
}
