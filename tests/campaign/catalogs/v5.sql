BEGIN TRANSACTION;
CREATE TABLE close_documents (
        event           INTEGER NOT NULL REFERENCES closes (event),
        sha256          TEXT NOT NULL CHECK (length(sha256) = 64),
        PRIMARY KEY (event, sha256)
    ) STRICT, WITHOUT ROWID;
CREATE TABLE closes (
        event           INTEGER PRIMARY KEY NOT NULL REFERENCES events (number),
        month           TEXT NOT NULL,
        closed_ms       INTEGER NOT NULL,
        pack            TEXT NOT NULL CHECK (length(pack) = 64),
        terms           TEXT NOT NULL,
        reopened        INTEGER REFERENCES events (number)
    ) STRICT;
CREATE TABLE dispute_warnings (
        case_id         TEXT NOT NULL,
        deadline_ms     INTEGER NOT NULL,
        mark            INTEGER NOT NULL,
        sent_ms         INTEGER NOT NULL,
        PRIMARY KEY (case_id, deadline_ms, mark)
    ) STRICT;
CREATE TABLE documents (
        sha256          TEXT PRIMARY KEY NOT NULL CHECK (length(sha256) = 64),
        kind            TEXT NOT NULL,
        seller_id       TEXT,
        account         TEXT,
        source_name     TEXT NOT NULL,
        bytes           INTEGER NOT NULL CHECK (bytes >= 0),
        rows            INTEGER NOT NULL CHECK (rows >= 0),
        settlement_id   TEXT,
        currencies      TEXT NOT NULL,
        period_start_ms INTEGER,
        period_end_ms   INTEGER,
        first_posted_ms INTEGER,
        last_posted_ms  INTEGER,
        imported_at_ms  INTEGER NOT NULL,
        derived_path    TEXT,
        digest          TEXT,
        reader_version  INTEGER NOT NULL
    ) STRICT;
INSERT INTO "documents" VALUES('8cdfacbefad17c3db11442320480f19fc03ce44677fc9198eefb15fac9452129','amazon_pay_settlement','A1EXAMPLE',NULL,'settlement-1.csv',910,4,'7000000001','EUR',1788102044000,1789052384000,1788102994000,1789052254000,1795578437145,'ledger/account=A1EXAMPLE/settled=2026-09/8cdfacbefad17c3db11442320480f19fc03ce44677fc9198eefb15fac9452129.parquet','{"digest":{"rows":4,"ids":[{"id":"7000000001","count":4,"line":7}],"buckets":[{"part":"within","currency":"EUR","kind":"reserve","word":"Reserve","line":7,"tally":{"count":2,"amount":-60000,"percentage_fee":0,"fixed_fee":0,"fee":0,"net":-60000,"opened":240000,"early":240000}},{"part":"within","currency":"EUR","kind":"capture","word":"Capture","line":8,"tally":{"count":1,"amount":1000000,"percentage_fee":-27000,"fixed_fee":-3500,"fee":-30500,"net":969500,"opened":969500,"early":969500}},{"part":"within","currency":"EUR","kind":"transfer","word":"Transfer","line":9,"tally":{"count":1,"amount":-500000,"percentage_fee":0,"fixed_fee":0,"fee":0,"net":-500000,"opened":0,"early":-500000}}],"payouts":[{"line":9,"posted":{"utc_millis":1788415200000,"offset_minutes":0},"currency":"EUR","net":-500000}],"cases":[],"row_net":{"passed":4,"failed":0,"first":[]},"row_fee":{"passed":4,"failed":0,"first":[]},"period":{"passed":4,"failed":0,"first":[]},"first_posted":{"utc_millis":1788102994000,"offset_minutes":0},"last_posted":{"utc_millis":1789052254000,"offset_minutes":0}},"seller_conflict":null,"objects":null,"seal":{"bytes":7136,"crc32":2130937014},"warnings":[]}',2);
INSERT INTO "documents" VALUES('fb4dd4f4f2a09a27b716aa1042137989cb9f71d49a890616c1d372fd493dea87','amazon_pay_settlement','A1EXAMPLE',NULL,'settlement-2.csv',1062,5,'7000000002','EUR',1789052444000,1789916384000,1789053394000,1789916254000,1795578437145,'ledger/account=A1EXAMPLE/settled=2026-09/fb4dd4f4f2a09a27b716aa1042137989cb9f71d49a890616c1d372fd493dea87.parquet','{"digest":{"rows":5,"ids":[{"id":"7000000002","count":5,"line":7}],"buckets":[{"part":"within","currency":"EUR","kind":"reserve","word":"Reserve","line":7,"tally":{"count":2,"amount":0,"percentage_fee":0,"fixed_fee":0,"fee":0,"net":0,"opened":300000,"early":300000}},{"part":"within","currency":"EUR","kind":"refund","word":"Refund","line":8,"tally":{"count":1,"amount":-100000,"percentage_fee":2700,"fixed_fee":0,"fee":2700,"net":-97300,"opened":0,"early":-97300}},{"part":"within","currency":"EUR","kind":"chargeback","word":"Chargeback","line":9,"tally":{"count":1,"amount":-200000,"percentage_fee":0,"fixed_fee":0,"fee":0,"net":-200000,"opened":0,"early":-200000}},{"part":"within","currency":"EUR","kind":"dispute","word":"Dispute","line":10,"tally":{"count":1,"amount":0,"percentage_fee":0,"fixed_fee":-150000,"fee":-150000,"net":-150000,"opened":0,"early":-150000}}],"payouts":[],"cases":[{"part":"within","currency":"EUR","kind":"chargeback","order_reference_id":"P02-1234567-0000001","line":9,"count":1,"debited":200000,"credited":0,"fees":0,"net":-200000},{"part":"within","currency":"EUR","kind":"dispute","order_reference_id":"P02-1234567-0000001","line":10,"count":1,"debited":0,"credited":0,"fees":-150000,"net":-150000}],"row_net":{"passed":5,"failed":0,"first":[]},"row_fee":{"passed":5,"failed":0,"first":[]},"period":{"passed":5,"failed":0,"first":[]},"first_posted":{"utc_millis":1789053394000,"offset_minutes":0},"last_posted":{"utc_millis":1789916254000,"offset_minutes":0}},"seller_conflict":null,"objects":null,"seal":{"bytes":7602,"crc32":3030314340},"warnings":[]}',2);
INSERT INTO "documents" VALUES('ed32221a212e074368029bdfc86fcd2676780d60117193f00e24ffe3314cfee4','amazon_pay_settlement','A1EXAMPLE',NULL,'settlement-3.csv',903,4,'7000000003','EUR',1789916444000,1790866784000,1789917394000,1790866654000,1795578437145,'ledger/account=A1EXAMPLE/settled=2026-10/ed32221a212e074368029bdfc86fcd2676780d60117193f00e24ffe3314cfee4.parquet','{"digest":{"rows":4,"ids":[{"id":"7000000003","count":4,"line":7}],"buckets":[{"part":"within","currency":"EUR","kind":"reserve","word":"Reserve","line":7,"tally":{"count":2,"amount":100000,"percentage_fee":0,"fixed_fee":0,"fee":0,"net":100000,"opened":300000,"early":300000}},{"part":"within","currency":"EUR","kind":"transfer","word":"Transfer","line":8,"tally":{"count":1,"amount":-112200,"percentage_fee":0,"fixed_fee":0,"fee":0,"net":-112200,"opened":0,"early":-112200}},{"part":"within","currency":"EUR","kind":"unknown","word":"Something New","line":9,"tally":{"count":1,"amount":-10000,"percentage_fee":0,"fixed_fee":0,"fee":0,"net":-10000,"opened":0,"early":-10000}}],"payouts":[{"line":8,"posted":{"utc_millis":1789970400000,"offset_minutes":0},"currency":"EUR","net":-112200}],"cases":[],"row_net":{"passed":4,"failed":0,"first":[]},"row_fee":{"passed":4,"failed":0,"first":[]},"period":{"passed":4,"failed":0,"first":[]},"first_posted":{"utc_millis":1789917394000,"offset_minutes":0},"last_posted":{"utc_millis":1790866654000,"offset_minutes":0}},"seller_conflict":null,"objects":null,"seal":{"bytes":7111,"crc32":1092608598},"warnings":[]}',2);
INSERT INTO "documents" VALUES('9762a48c7ba9973497ed2a296a0e3decee67003e068368d6b1e1a26c2d1ffedb','amazon_pay_capture',NULL,NULL,'captures-2026-09.csv',49691,170,NULL,'',NULL,NULL,NULL,NULL,1795578437145,'records/kind=amazon_pay_capture/account=unknown/updated=2026-09/9762a48c7ba9973497ed2a296a0e3decee67003e068368d6b1e1a26c2d1ffedb.parquet','{"digest":null,"seller_conflict":null,"objects":85,"seal":{"bytes":10768,"crc32":223976455},"warnings":[]}',2);
INSERT INTO "documents" VALUES('407fd56fd5e4aef45579a31cea73de780c30b6c15a0c192029c40f964780ead1','disbursements','A1SETTLEFR001',NULL,'disbursements-2026-09.json',6773,27,NULL,'',NULL,NULL,NULL,NULL,1795578437145,'records/kind=disbursements/account=A1SETTLEFR001/updated=2026-09/407fd56fd5e4aef45579a31cea73de780c30b6c15a0c192029c40f964780ead1.parquet','{"digest":null,"seller_conflict":null,"objects":null,"seal":{"bytes":2951,"crc32":4015553995},"warnings":[]}',2);
INSERT INTO "documents" VALUES('88493d268d3da9c2add35901f25cc3c170ad916b2dad34ac92c0f0fd586f543e','amazon_pay_settlement','A1SETTLESE001',NULL,'other.csv',1352,5,'23142311529','SEK',1788267644000,1788353984000,1788268594000,1788353942000,1795578438553,'ledger/account=A1SETTLESE001/settled=2026-09/88493d268d3da9c2add35901f25cc3c170ad916b2dad34ac92c0f0fd586f543e.parquet','{"digest":{"rows":5,"ids":[{"id":"23142311529","count":5,"line":7}],"buckets":[{"part":"within","currency":"SEK","kind":"reserve","word":"Reserve","line":7,"tally":{"count":2,"amount":19161500,"percentage_fee":0,"fixed_fee":0,"fee":0,"net":19161500,"opened":30413600,"early":30413600}},{"part":"within","currency":"SEK","kind":"capture","word":"Capture","line":8,"tally":{"count":2,"amount":24887700,"percentage_fee":-672000,"fixed_fee":-65000,"fee":-737000,"net":24150700,"opened":24150700,"early":0}},{"part":"within","currency":"SEK","kind":"transfer","word":"Transfer","line":11,"tally":{"count":1,"amount":-43312200,"percentage_fee":0,"fixed_fee":0,"fee":0,"net":-43312200,"opened":0,"early":0}}],"payouts":[{"line":11,"posted":{"utc_millis":1788353942000,"offset_minutes":-420},"currency":"SEK","net":-43312200}],"cases":[],"row_net":{"passed":5,"failed":0,"first":[]},"row_fee":{"passed":5,"failed":0,"first":[]},"period":{"passed":5,"failed":0,"first":[]},"first_posted":{"utc_millis":1788268594000,"offset_minutes":-420},"last_posted":{"utc_millis":1788353942000,"offset_minutes":-420}},"seller_conflict":null,"objects":null,"seal":{"bytes":8645,"crc32":3038470046},"warnings":[]}',2);
INSERT INTO "documents" VALUES('899ea77aed1b830cca226e48d4fd3792c4e98c90b7d1eb2394961d0f74d534be','amazon_pay_settlement','A1EXAMPLE',NULL,'rival.csv',950,4,'7000000002','EUR',1789052444000,1789916384000,1789053394000,1789916254000,1795578438553,'ledger/account=A1EXAMPLE/settled=2026-09/899ea77aed1b830cca226e48d4fd3792c4e98c90b7d1eb2394961d0f74d534be.parquet','{"digest":{"rows":4,"ids":[{"id":"7000000002","count":4,"line":7}],"buckets":[{"part":"within","currency":"EUR","kind":"reserve","word":"Reserve","line":7,"tally":{"count":2,"amount":0,"percentage_fee":0,"fixed_fee":0,"fee":0,"net":0,"opened":300000,"early":300000}},{"part":"within","currency":"EUR","kind":"chargeback","word":"Chargeback","line":8,"tally":{"count":1,"amount":-200000,"percentage_fee":0,"fixed_fee":0,"fee":0,"net":-200000,"opened":0,"early":-200000}},{"part":"within","currency":"EUR","kind":"dispute","word":"Dispute","line":9,"tally":{"count":1,"amount":0,"percentage_fee":0,"fixed_fee":-150000,"fee":-150000,"net":-150000,"opened":0,"early":-150000}}],"payouts":[],"cases":[{"part":"within","currency":"EUR","kind":"chargeback","order_reference_id":"P02-1234567-0000001","line":8,"count":1,"debited":200000,"credited":0,"fees":0,"net":-200000},{"part":"within","currency":"EUR","kind":"dispute","order_reference_id":"P02-1234567-0000001","line":9,"count":1,"debited":0,"credited":0,"fees":-150000,"net":-150000}],"row_net":{"passed":4,"failed":0,"first":[]},"row_fee":{"passed":4,"failed":0,"first":[]},"period":{"passed":4,"failed":0,"first":[]},"first_posted":{"utc_millis":1789053394000,"offset_minutes":0},"last_posted":{"utc_millis":1789916254000,"offset_minutes":0}},"seller_conflict":null,"objects":null,"seal":{"bytes":7545,"crc32":2747048663},"warnings":[]}',2);
INSERT INTO "documents" VALUES('a1536fef6f15c7d63a4b795ce5f130becbd39e0099674ecba69a528e2b4f1e93','amazon_pay_settlement','A1EXAMPLE',NULL,'settlement-4.csv',697,2,'7000000004','EUR',1790866844000,1790909984000,1790867794000,1790902800000,1795578438553,'ledger/account=A1EXAMPLE/settled=2026-10/a1536fef6f15c7d63a4b795ce5f130becbd39e0099674ecba69a528e2b4f1e93.parquet','{"digest":{"rows":2,"ids":[{"id":"7000000004","count":2,"line":7}],"buckets":[{"part":"within","currency":"EUR","kind":"reserve","word":"Reserve","line":7,"tally":{"count":1,"amount":200000,"percentage_fee":0,"fixed_fee":0,"fee":0,"net":200000,"opened":200000,"early":200000}},{"part":"within","currency":"EUR","kind":"capture","word":"Capture","line":8,"tally":{"count":1,"amount":100000,"percentage_fee":-2700,"fixed_fee":-3500,"fee":-6200,"net":93800,"opened":93800,"early":0}}],"payouts":[],"cases":[],"row_net":{"passed":2,"failed":0,"first":[]},"row_fee":{"passed":2,"failed":0,"first":[]},"period":{"passed":2,"failed":0,"first":[]},"first_posted":{"utc_millis":1790867794000,"offset_minutes":0},"last_posted":{"utc_millis":1790902800000,"offset_minutes":0}},"seller_conflict":null,"objects":null,"seal":{"bytes":7046,"crc32":1898777354},"warnings":[]}',2);
CREATE TABLE events (
        number          INTEGER PRIMARY KEY NOT NULL CHECK (number > 0),
        at_ms           INTEGER NOT NULL,
        kind            TEXT NOT NULL,
        facts           TEXT NOT NULL,
        previous        TEXT NOT NULL CHECK (length(previous) = 64),
        hash            TEXT NOT NULL CHECK (length(hash) = 64)
    ) STRICT;
INSERT INTO "events" VALUES(1,1795578437145,'import','{"documents":[{"kind":"amazon_pay_settlement","sha256":"8cdfacbefad17c3db11442320480f19fc03ce44677fc9198eefb15fac9452129"},{"kind":"amazon_pay_settlement","sha256":"fb4dd4f4f2a09a27b716aa1042137989cb9f71d49a890616c1d372fd493dea87"},{"kind":"amazon_pay_settlement","sha256":"ed32221a212e074368029bdfc86fcd2676780d60117193f00e24ffe3314cfee4"},{"kind":"amazon_pay_capture","sha256":"9762a48c7ba9973497ed2a296a0e3decee67003e068368d6b1e1a26c2d1ffedb"},{"kind":"disbursements","sha256":"407fd56fd5e4aef45579a31cea73de780c30b6c15a0c192029c40f964780ead1"}]}','0000000000000000000000000000000000000000000000000000000000000000','037cec6bf02bddc63129eaec30a57f003e1200e25142dd9b3b0d193b9049d852');
INSERT INTO "events" VALUES(2,1795578438553,'import','{"documents":[{"kind":"amazon_pay_settlement","sha256":"88493d268d3da9c2add35901f25cc3c170ad916b2dad34ac92c0f0fd586f543e"},{"kind":"amazon_pay_settlement","sha256":"899ea77aed1b830cca226e48d4fd3792c4e98c90b7d1eb2394961d0f74d534be"},{"kind":"amazon_pay_settlement","sha256":"a1536fef6f15c7d63a4b795ce5f130becbd39e0099674ecba69a528e2b4f1e93"}]}','037cec6bf02bddc63129eaec30a57f003e1200e25142dd9b3b0d193b9049d852','c867846a0713af271f8ed227e98e9b1598e987350de3035f5ac0740fce6e203d');
CREATE TABLE fetches (
        merchant_id     TEXT NOT NULL,
        source          TEXT NOT NULL,
        environment     TEXT NOT NULL,
        last_success_ms INTEGER,
        last_attempt_ms INTEGER NOT NULL,
        last_error      TEXT,
        PRIMARY KEY (merchant_id, source, environment)
    ) STRICT;
CREATE TABLE paces (
        scope           TEXT NOT NULL,
        operation       TEXT NOT NULL,
        full_at_ms      INTEGER NOT NULL,
        interval_ms     INTEGER NOT NULL,
        closed_until_ms INTEGER NOT NULL,
        PRIMARY KEY (scope, operation)
    ) STRICT;
CREATE TABLE payout_matches (
        sha256          TEXT NOT NULL,
        line            INTEGER NOT NULL,
        state           TEXT NOT NULL,
        rule            TEXT,
        booked_on       TEXT,
        bank_account    TEXT,
        bank_reference  TEXT,
        bank_file       TEXT,
        bank_sha256     TEXT,
        evidence        TEXT NOT NULL,
        found_ms        INTEGER NOT NULL,
        PRIMARY KEY (sha256, line)
    ) STRICT;
INSERT INTO "payout_matches" VALUES('8cdfacbefad17c3db11442320480f19fc03ce44677fc9198eefb15fac9452129',9,'matched','amount_window','2026-09-04','FR7610278022040001234560312',NULL,'in/bank.xml','684c9b63eb9cc8762ba690f483dc48d78c0d240bdec1cb4285394d7eeecfb10c','8cdfacbefad1:9',1795578439148);
INSERT INTO "payout_matches" VALUES('ed32221a212e074368029bdfc86fcd2676780d60117193f00e24ffe3314cfee4',8,'matched','amount_window','2026-09-22','FR7610278022040001234560312',NULL,'in/bank.xml','684c9b63eb9cc8762ba690f483dc48d78c0d240bdec1cb4285394d7eeecfb10c','ed32221a212e:8',1795578439148);
CREATE TABLE remote_reports (
        merchant_id     TEXT NOT NULL,
        source          TEXT NOT NULL,
        environment     TEXT NOT NULL,
        report_id       TEXT NOT NULL,
        report_type     TEXT NOT NULL,
        status          TEXT NOT NULL,
        document_ref    TEXT,
        period_start_ms INTEGER,
        period_end_ms   INTEGER,
        created_ms      INTEGER,
        first_seen_ms   INTEGER NOT NULL,
        state           TEXT NOT NULL CHECK (state IN ('listed', 'stored', 'taken', 'refused', 'nothing', 'failed')),
        sha256          TEXT,
        content_type    TEXT,
        failures        INTEGER NOT NULL DEFAULT 0,
        last_error      TEXT,
        acknowledged    INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (merchant_id, source, environment, report_id)
    ) STRICT;
CREATE TABLE report_requests (
        merchant_id     TEXT NOT NULL,
        source          TEXT NOT NULL,
        environment     TEXT NOT NULL,
        report_type     TEXT NOT NULL,
        start_ms        INTEGER NOT NULL,
        end_ms          INTEGER NOT NULL,
        asked_ms        INTEGER NOT NULL,
        request_id      TEXT,
        state           TEXT NOT NULL CHECK (state IN ('wanted', 'asked', 'done', 'nothing', 'failed')),
        PRIMARY KEY (merchant_id, source, environment, report_type, start_ms, end_ms)
    ) STRICT;
CREATE TABLE resolutions (
        account         TEXT NOT NULL,
        settlement_id   TEXT NOT NULL,
        counted         TEXT NOT NULL CHECK (length(counted) = 64),
        event           INTEGER NOT NULL REFERENCES events (number),
        PRIMARY KEY (account, settlement_id)
    ) STRICT;
CREATE TABLE runs (
        id              INTEGER PRIMARY KEY,
        command         TEXT NOT NULL,
        started_ms      INTEGER NOT NULL,
        finished_ms     INTEGER,
        exit            INTEGER,
        new_reports     INTEGER NOT NULL DEFAULT 0,
        error           TEXT
    ) STRICT;
CREATE INDEX documents_by_settlement ON documents (seller_id, settlement_id);
CREATE INDEX documents_by_kind ON documents (kind);
CREATE INDEX remote_reports_by_document ON remote_reports (sha256);
CREATE INDEX runs_by_command ON runs (command, started_ms);
CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
        BEGIN SELECT RAISE(ABORT, 'the log of events only grows'); END;
CREATE TRIGGER events_are_not_removed BEFORE DELETE ON events
        BEGIN SELECT RAISE(ABORT, 'the log of events only grows'); END;
CREATE UNIQUE INDEX a_month_is_closed_once ON closes (month) WHERE reopened IS NULL;
COMMIT;
