// The page in a real browser: its figures are those of the JSON, it asks for nothing, complains of nothing,
// and its links lead where they say.
//   node page.mjs SETTLE WORKDIR
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Browser, findBrowser } from './browser.mjs';

const [settle, work] = process.argv.slice(2);
const out = process.env.PAGES_OUT;
const LANGUAGES = ['en', 'fr', 'de', 'it', 'es', 'nl', 'sv', 'pt', 'hu', 'da'];
const program = findBrowser(undefined, existsSync);
if (!program) {
  console.log('skip: chromium is missing, so no page was opened');
  process.exit(0);
}

function report(format, words, from) {
  const args = ['report', '--month', '2026-09', '--format', format, ...words, '--from', from];
  const done = spawnSync(settle, args, { encoding: 'utf8', maxBuffer: 1 << 28, env: {} });
  if (![0, 5].includes(done.status)) throw new Error(`${args.join(' ')}: ${done.stderr}`);
  return done.stdout;
}

function page(name, words, from) {
  const path = resolve(work, `${name}.html`);
  writeFileSync(path, report('html', words, from));
  return `file://${path}`;
}

/// A settlement whose every text cell is markup or a formula.
const HOSTILE = '</td></table><script>window.hit=1</script><img src=http://192.0.2.1/x onerror=window.hit=2>&lt;b&gt;"\'';
function hostileFiles() {
  const folder = join(work, 'hostile');
  mkdirSync(folder);
  const cell = (text) => `"${text.replaceAll('"', '""')}"`;
  const row = (posted, type, amount) => [posted, HOSTILE, HOSTILE, HOSTILE, type, HOSTILE, HOSTILE, HOSTILE, 'EUR', HOSTILE,
    amount, '0.00', '0.00', '0.00', amount].map(cell).join(',');
  const head = ['"Amazon Payments Advanced",', '"Settlement Report",', `"SellerId",${cell(HOSTILE)}`,
    '"SettlementStartDate","2026-08-31T15:00:00 +0000"', '"SettlementEndDate","2026-10-01T14:59:00 +0000"',
    ['TransactionPostedDate', 'SettlementId', 'AmazonTransactionId', 'SellerReferenceId', 'TransactionType',
      'AmazonOrderReferenceId', 'SellerOrderId', 'StoreName', 'CurrencyCode', 'TransactionDescription', 'TransactionAmount',
      'TransactionPercentageFee', 'TransactionFixedFee', 'TotalTransactionFee', 'NetTransactionAmount'].map(cell).join(',')];
  const rows = [row('2026-09-02T09:00:00 +0000', 'Capture', '10.00'), row('2026-09-03T09:00:00 +0000', HOSTILE, '-1.00'),
    row('2026-09-04T09:00:00 +0000', 'Transfer', '-9.00'), row('2026-09-05T09:00:00 +0000', 'Chargeback', '-2.00')];
  writeFileSync(join(folder, 'a<script>window.hit=3<script>.csv'), [...head, ...rows, ''].join('\n'));
  return folder;
}

const browser = new Browser(program, work);
const results = [];
async function test(name, run) {
  try {
    const fault = await run();
    results.push([fault, name]);
    console.log(fault ? `FAILED: ${name}\n  ${String(fault).slice(0, 2000).replaceAll('\n', '\n  ')}` : `ok: ${name}`);
  } catch (why) {
    console.log(`FAILED: ${name}\n  ${String(why.stack ?? why).replaceAll('\n', '\n  ')}`);
    results.push([why, name]);
  }
}
const differ = (found, expected) => (JSON.stringify(found) === JSON.stringify(expected)
  ? null : `found    ${JSON.stringify(found)}\nexpected ${JSON.stringify(expected)}`);

/// What the page's tables say, in the shape of the JSON.
const READ = `(() => {
  const value = (cell) => cell.querySelector('data')?.value ?? null;
  return [...document.querySelectorAll('section.account')].map((section) => ({
    opening: value(section.querySelector('[data-figure=opening_balance]')),
    closing: value(section.querySelector('[data-figure=closing_balance]')),
    reserve: value(section.querySelector('[data-figure=reserve]')),
    movements: [...section.querySelectorAll('tr[data-kind]')].map((row) =>
      [row.dataset.kind, ...[...row.querySelectorAll('td')].map(value)]),
    payouts: [...section.querySelectorAll('[data-figure=payout]')].map(value),
    settlements: [...section.querySelectorAll('[data-figure=settlement_net]')].map(value),
  }));
})()`;
const figuresOf = (statement) => statement.accounts.map((account) => ({
  opening: account.opening_balance, closing: account.closing_balance, reserve: account.reserve.closing,
  movements: account.movements.map((m) => [m.kind, String(m.count), m.amount, m.percentage_fee, m.fixed_fee, m.fee, m.net]),
  payouts: account.payouts.map((payout) => payout.amount),
  settlements: account.settlements.map((settlement) => settlement.net),
}));

const complaints = () => browser.events.filter((event) => event.method === 'Log.entryAdded'
  || event.method === 'Runtime.exceptionThrown' || event.method === 'Runtime.consoleAPICalled');
const requests = () => browser.events.filter((event) => event.method === 'Network.requestWillBeSent')
  .map((event) => event.params.request.url).filter((url) => !url.startsWith('data:'));

async function keep(name, url) {
  if (!out) return;
  mkdirSync(out, { recursive: true });
  for (const scheme of ['light', 'dark']) {
    await browser.media(scheme);
    await browser.load(url);
    const { data } = await browser.send('Page.captureScreenshot', { captureBeyondViewport: false });
    writeFileSync(join(out, `${name}-${scheme}.png`), Buffer.from(data, 'base64'));
  }
  await browser.media('light');
}

try {
  await browser.open();
  await browser.size(1100, 1600);
  const statement = JSON.parse(report('json', [], 'sample_reports'));
  const english = page('en', [], 'sample_reports');
  for (const language of LANGUAGES) {
    const url = language === 'en' ? english : page(language, ['--language', language], 'sample_reports');
    await browser.load(url);
    await test(`${language}: every figure of the page is that of the JSON`, async () => differ(await browser.evaluate(READ), figuresOf(statement)));
    await test(`${language}: the page asks for nothing and complains of nothing`, () =>
      (requests().length === 1 && complaints().length === 0 ? null : JSON.stringify([requests(), complaints()])));
    await test(`${language}: shown figures are the values in the country's marks, and nothing is wider than the page`, () => browser.evaluate(`(() => {
      const plain = (text) => { const digits = text.replaceAll('\\u00a0', '').replace('\\u2212', '-');
        return '${language}' === 'en' ? digits.replaceAll(',', '') : digits.replaceAll('.', '').replace(',', '.'); };
      const wrong = [...document.querySelectorAll('data')].filter((data) => plain(data.textContent) !== data.value);
      if (wrong.length) return wrong.length + ': ' + wrong[0].outerHTML;
      if (document.documentElement.lang !== '${language}') return 'lang ' + document.documentElement.lang;
      const wide = document.documentElement.scrollWidth;
      return wide > 1100 ? 'the page is ' + wide + ' pixels wide' : null;
    })()`));
  }
  await browser.load(english);
  await test('every link of the page leads to something in it', () => browser.evaluate(`(() => {
    const dead = [...document.querySelectorAll('a')].filter((a) => {
      const href = a.getAttribute('href') ?? '';
      return !href.startsWith('#') || !document.getElementById(href.slice(1));
    });
    return dead.length ? dead.length + ' dead: ' + dead[0].outerHTML : null;
  })()`));
  await test('every amount of a movement leads to its rows, and they add up to it', async () => {
    for (const [place, account] of statement.accounts.entries()) {
      for (const movement of account.movements) {
        await browser.jump(`a${place + 1}-k-${movement.kind}`);
        const rows = await browser.evaluate(`(() => {
          const rows = [...document.querySelectorAll('#a${place + 1}-rows tbody tr:not(.group)')].filter((row) => row.checkVisibility());
          return rows.map((row) => [...row.querySelectorAll('data')].map((data) => data.value));
        })()`);
        const cents = (text) => { const [whole, tail = ''] = text.split('.'); return BigInt(whole + tail.padEnd(4, '0')); };
        const sum = (column) => rows.reduce((total, row) => total + cents(row[column]), 0n);
        const found = [rows.length, sum(0), sum(1), sum(2)].map(String);
        const expected = [movement.count, cents(movement.amount), cents(movement.fee), cents(movement.net)].map(String);
        const fault = differ(found, expected);
        if (fault) return `${account.account} ${movement.kind}: ${fault}`;
      }
    }
    return null;
  });
  await test('every row names its file and line, and leads to a source with its hash', () => browser.evaluate(`(() => {
    const rows = [...document.querySelectorAll('.rows tbody tr:not(.group)')];
    const bad = rows.find((row) => {
      const link = row.querySelector('th.file a');
      const source = link && document.getElementById(link.hash.slice(1));
      return !source || !/:\\d+$/.test(link.title) || !link.title.startsWith(source.querySelector('th').textContent)
        || !/^[0-9a-f]{64}$/.test(source.querySelector('.hash').textContent) || !row.id.endsWith('-' + link.title.split(':').pop());
    });
    return rows.length < 500 ? rows.length + ' rows' : bad ? bad.outerHTML : null;
  })()`));
  await test('tables have captions and headings with scopes, pictures have words, ids are unique', () => browser.evaluate(`(() => {
    for (const table of document.querySelectorAll('table')) {
      if (!table.caption?.textContent.trim()) return 'no caption: ' + table.outerHTML.slice(0, 300);
      if ([...table.querySelectorAll('th')].some((th) => !th.scope)) return 'no scope: ' + table.outerHTML.slice(0, 300);
    }
    const pictures = [...document.querySelectorAll('svg')];
    if (pictures.length < 20) return pictures.length + ' pictures';
    if (pictures.some((svg) => svg.getAttribute('role') !== 'img' || (svg.getAttribute('aria-label') ?? '').length < 20)) return 'a picture without words';
    const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
    if (new Set(ids).size !== ids.length) return 'ids twice';
    return document.querySelectorAll('h1').length === 1 ? null : 'more than one h1';
  })()`));
  await test('text has contrast in light and in dark', async () => {
    for (const scheme of ['light', 'dark']) {
      await browser.media(scheme);
      const poor = await browser.evaluate(`(() => {
        const parse = (colour) => colour.match(/[\\d.]+/g).map(Number);
        const light = ([r, g, b]) => { const c = [r, g, b].map((v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
          return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2]; };
        const ground = (element) => { for (let at = element; at; at = at.parentElement) { const c = parse(getComputedStyle(at).backgroundColor);
          if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
        for (const element of document.querySelectorAll('main td, main th, main p, main a, main small, main data, .state, .badge, header p, caption')) {
          if (!element.textContent.trim() || !element.checkVisibility()) continue;
          const [a, b] = [light(parse(getComputedStyle(element).color)), light(ground(element))].sort((x, y) => y - x);
          if ((a + 0.05) / (b + 0.05) < 4.5) return ((a + 0.05) / (b + 0.05)).toFixed(2) + ' ' + element.outerHTML.slice(0, 200);
        }
        return null;
      })()`);
      if (poor) return `${scheme}: ${poor}`;
    }
    await browser.media('light');
    return null;
  });
  await test('the page can be read on a telephone', async () => {
    await browser.size(390, 800);
    const wide = await browser.evaluate('document.documentElement.scrollWidth');
    await browser.size(1100, 1600);
    return wide <= 390 ? null : `it is ${wide} pixels wide`;
  });
  await test('it prints on A4 without the rows', async () => {
    const { data } = await browser.send('Page.printToPDF', { preferCSSPageSize: true, printBackground: true });
    const pdf = Buffer.from(data, 'base64');
    if (out) { mkdirSync(out, { recursive: true }); writeFileSync(join(out, 'page.pdf'), pdf); }
    const text = pdf.toString('latin1');
    const pages = (text.match(/\/Type\s*\/Page\b/g) ?? []).length;
    const box = text.match(/\/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]/);
    const a4 = box && Math.abs(box[1] - 595) < 2 && Math.abs(box[2] - 842) < 2;
    return a4 && pages > 5 && pages < 40 ? null : `${pages} pages of ${box}`;
  });
  const hostile = hostileFiles();
  const planted = page('hostile', [], hostile);
  await browser.load(planted);
  await test('markup in every text of a report stays text', async () => {
    const found = await browser.evaluate(`[window.hit ?? null, document.querySelectorAll('script, img, b, iframe, object').length,
      document.querySelectorAll('.rows tbody tr:not(.group)').length, document.body.textContent.includes(${JSON.stringify(HOSTILE)})]`);
    return differ([...found, requests().length, complaints().length], [null, 0, 4, true, 1, 0]);
  });
  const hostileStatement = JSON.parse(report('json', [], hostile));
  await test('and its figures are those of the JSON', async () => differ(await browser.evaluate(READ), figuresOf(hostileStatement)));
  await keep('page', english);
  await keep('rows', `${english}#a1-k-chargeback`);
  await keep('hostile', planted);
} finally {
  await browser.close();
}
