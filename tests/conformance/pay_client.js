// The npm package @amazonpay/amazon-pay-api-sdk-nodejs, unmodified, against the Pay face of the rehearsal server.
//
// usage: node pay_client.js READY_FILE SAMPLE_FOLDER RESULTS_FILE
'use strict';

const crypto = require('crypto');
const fs = require('fs');
const http = require('http');
const https = require('https');
const path = require('path');

// What the client signs, seen on its way into the library that signs; the client stays as it is.
let signed = '';
const createSign = crypto.createSign;
crypto.createSign = (...names) => {
    const sign = createSign(...names);
    const update = sign.update.bind(sign);
    sign.update = (text) => {
        signed = String(text);
        return update(text);
    };
    return sign;
};

const { WebStoreClient } = require('@amazonpay/amazon-pay-api-sdk-nodejs');

const SETTLEMENTS = '_GET_FLAT_FILE_OFFAMAZONPAYMENTS_SETTLEMENT_DATA_';
const REFUNDS = '_GET_FLAT_FILE_OFFAMAZONPAYMENTS_REFUND_DATA_';
const SHOP = 'shop-fr';
const [readyFile, sample, results] = process.argv.slice(2);
const ready = JSON.parse(fs.readFileSync(readyFile, 'utf8'));

// One assertion: told, counted, and no reason to stop.
function check(name, holds) {
    console.log(`${holds ? 'ok' : 'FAILED'}: pay: ${name}`);
    fs.appendFileSync(results, holds ? 'passed\n' : 'failed\n');
}

function get(url, options = {}) {
    const library = url.startsWith('https:') ? https : http;
    return new Promise((resolve, reject) => {
        const request = library.request(url, options, (answer) => {
            const parts = [];
            answer.on('data', (part) => parts.push(part));
            answer.on('end', () => resolve({ status: answer.statusCode, body: Buffer.concat(parts) }));
        });
        request.on('error', reject);
        request.end(options.body);
    });
}

async function control(method, where, body) {
    const answer = await get(`http://127.0.0.1:${ready.http}/__control/${where}`, { method, body });
    return answer.body.length ? JSON.parse(answer.body) : null;
}

function keyId() {
    const settings = fs.readFileSync(path.join(sample, 'settle.toml'), 'utf8');
    return settings.split('public_key_id = "')[1].split('"')[0];
}

function client(change = {}) {
    return new WebStoreClient({
        publicKeyId: keyId(),
        privateKey: fs.readFileSync(path.join(sample, 'secrets', `${SHOP}.pem`), 'utf8'),
        region: 'eu',
        algorithm: 'AMZN-PAY-RSASSA-PSS-V2',
        overrideServiceUrl: `127.0.0.1:${ready.https}`,
        ...change,
    });
}

// The settlements whose reports are there now: 20 minutes after their end, for 90 days.
function expected() {
    const key = JSON.parse(fs.readFileSync(path.join(sample, 'expected', 'answer-key.json'), 'utf8'));
    const now = Date.now();
    return key.settlements.filter((settlement) => {
        const created = Date.parse(settlement.end) + 20 * 60 * 1000;
        return settlement.name === SHOP && created <= now && now < created + 90 * 24 * 3600 * 1000;
    });
}

// The answer of a call that must fail.
async function refused(call) {
    try {
        await call();
        return { status: 0, data: {} };
    } catch (error) {
        return error.response || { status: 0, data: {} };
    }
}

async function reports(pay) {
    const there = expected();
    const pageSize = Math.ceil(there.length / 3);
    let answer = await pay.getReports({ reportTypes: [SETTLEMENTS, REFUNDS], processingStatuses: ['COMPLETED'], pageSize });
    const pages = [answer.data.reports];
    while (answer.data.nextToken) {
        answer = await pay.getReports({ nextToken: answer.data.nextToken });
        pages.push(answer.data.reports);
    }
    const all = pages.flat();
    const settlements = all.filter((report) => report.reportType === SETTLEMENTS);
    check('the list comes in pages', pages.length >= 3 && pages.slice(0, -1).every((page) => page.length === pageSize));
    check('every report is listed once', new Set(all.map((report) => report.reportId)).size === all.length);
    check('every settlement is listed', settlements.length === there.length);

    const files = there.map((settlement) => fs.readFileSync(path.join(sample, settlement.file)));
    for (const report of [settlements[0], settlements[settlements.length - 1]]) {
        const one = await pay.getReportById(report.reportId);
        check(`report ${report.reportId} is found by its id`, one.data.reportDocumentId === report.reportDocumentId);
        const document = await pay.getReportDocument(report.reportDocumentId);
        check('its document has a URL', document.data.compressionAlgorithm === 'N/A' && document.data.url.length > 600);
        const fetched = await get(document.data.url);
        check('a plain GET of it gives the bytes of a file', fetched.status === 200 && files.some((file) => file.equals(fetched.body)));
    }
}

async function creation(pay) {
    const payload = { reportType: REFUNDS, startTime: '20260101T000000Z', endTime: '20260131T000000Z' };
    const header = { 'x-amz-pay-idempotency-key': crypto.randomBytes(16).toString('hex') };
    const first = await pay.createReport(payload, { ...header });
    const second = await pay.createReport(payload, { ...header });
    check('a report can be created', first.status === 201 && first.data.reportId.length > 0);
    check('the same key gives the same report', second.data.reportId === first.data.reportId);
    const other = await refused(() => pay.createReport({ ...payload, endTime: '20260201T000000Z' }, { ...header }));
    check('the same key for another request is refused', other.status === 400 && other.data.reasonCode === 'DuplicateIdempotencyKey');
}

async function others(pay) {
    const payload = { reportType: REFUNDS, scheduleFrequency: 'P14D', nextReportCreationTime: '20990101T000000Z' };
    const made = await pay.createReportSchedule(payload, {});
    const id = made.data.reportScheduleId;
    const schedules = await pay.getReportSchedules();
    check('a schedule is made and listed', schedules.data.reportSchedules.some((schedule) => schedule.reportScheduleId === id));
    check('a schedule is cancelled', (await pay.cancelReportSchedule(id)).status === 200);
    const now = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
    const disbursements = await pay.apiCall({
        method: 'GET',
        urlFragment: 'disbursements',
        queryParams: { startTime: '20200101T000000Z', endTime: now, pageSize: 30 },
    });
    check('disbursements are listed', disbursements.data.disbursements.length === 30 && disbursements.data.nextToken.length > 0);
    check('an unknown dispute is not found', (await refused(() => pay.getDispute('P01-1111111-1111111-B123456'))).status === 404);
}

async function signatures(pay) {
    const old = await client({ algorithm: 'AMZN-PAY-RSASSA-PSS' }).getReportSchedules();
    check('the older algorithm with its salt is accepted', old.status === 200);
    const { privateKey } = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    const foreign = await refused(() => client({ privateKey: pem }).getReportSchedules());
    check('a foreign key is refused', foreign.status === 401 && foreign.data.reasonCode === 'InvalidRequestSignature');
    check('the echoed text is the one that the client signed', foreign.data.message.includes(`signing String [${signed}]`));
    const journal = await control('GET', 'journal');
    const unexpected = journal.filter((entry) => !['ok', 'InvalidRequestSignature', 'DuplicateIdempotencyKey', 'ResourceNotFound'].includes(entry.verdict));
    check('every other request was in order', unexpected.length === 0);
    const storage = journal.filter((entry) => entry.face === 'storage');
    check('no credentials came to the storage', storage.length === 2 && storage.every((entry) => !entry.headers.some(([name]) => name === 'authorization')));
    check('the client signed six headers', journal[0].canonical.includes('\naccept;content-type;user-agent;x-amz-pay-date;x-amz-pay-host;x-amz-pay-region\n'));
    await control('DELETE', 'journal');
}

async function main() {
    await control('DELETE', 'journal');
    const pay = client();
    await reports(pay);
    await creation(pay);
    await others(pay);
    await signatures(pay);
}

main().catch((error) => {
    console.error(`FAILED: pay: ${error.stack} ${error.response ? JSON.stringify(error.response.data) : ''}`);
    process.exit(1);
});
