// Drives a headless Chromium over its debugging pipe, without any package.
import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const ANSWER_MS = 60_000;

export function findBrowser(paths = (process.env.PATH ?? '').split(':'), exists) {
  for (const name of NAMES) for (const path of paths) if (exists(join(path, name))) return join(path, name);
  return null;
}

export class Browser {
  constructor(program, work) {
    this.profile = mkdtempSync(join(work, 'profile-'));
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync', '--hide-scrollbars',
      '--remote-debugging-pipe', `--user-data-dir=${this.profile}`, 'about:blank'];
    this.child = spawn(program, flags, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    this.waiting = new Map();
    this.events = [];
    this.next = 1;
    let rest = '';
    this.child.stdio[4].setEncoding('utf8').on('data', (text) => {
      const parts = (rest + text).split('\0');
      rest = parts.pop();
      for (const part of parts) this.take(JSON.parse(part));
    });
  }

  take(message) {
    if (message.id === undefined) return this.events.push(message);
    const { resolve, reject } = this.waiting.get(message.id) ?? {};
    this.waiting.delete(message.id);
    if (message.error) reject?.(new Error(JSON.stringify(message.error)));
    else resolve?.(message.result);
  }

  send(method, params = {}, sessionId = this.session) {
    const id = this.next++;
    this.child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${method}: no answer`)), ANSWER_MS);
      const done = (end) => (value) => { clearTimeout(timer); end(value); };
      this.waiting.set(id, { resolve: done(resolve), reject: done(reject) });
    });
  }

  async open() {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' }, undefined);
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true }, undefined);
    this.session = sessionId;
    for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await this.send(`${domain}.enable`);
  }

  /// Loads an address and waits until it is drawn; what happened meanwhile is in `events`.
  async load(url) {
    this.events.length = 0;
    await this.send('Page.navigate', { url });
    for (let tries = 0; tries < 600; tries += 1) {
      if (this.events.some((event) => event.method === 'Page.loadEventFired')) break;
      await new Promise((resolve) => { setTimeout(resolve, 50); });
    }
    await this.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  }

  async evaluate(expression) {
    const answer = await this.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    if (answer.exceptionDetails) throw new Error(JSON.stringify(answer.exceptionDetails));
    return answer.result.value;
  }

  /// Follows a fragment as a click on it would.
  async jump(fragment) {
    await this.evaluate(`location.hash = ${JSON.stringify(fragment)}`);
    await this.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  }

  media(scheme, type = '') {
    return this.send('Emulation.setEmulatedMedia', { media: type, features: [{ name: 'prefers-color-scheme', value: scheme }] });
  }

  size(width, height) {
    return this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false });
  }

  /// Ends the browser; its profile lies in the working folder, which the runner removes.
  async close() {
    const ended = new Promise((resolve) => { this.child.once('exit', resolve); });
    await this.send('Browser.close', {}, undefined).catch(() => this.child.kill('SIGKILL'));
    await ended;
  }
}
