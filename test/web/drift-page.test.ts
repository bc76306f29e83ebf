import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { driftHtml } from '../../src/report/drift-html.ts';
import { ensureChromium, seePage } from '../support/chromium.ts';
import { aDriftReport } from '../support/drift-report.ts';

const folder = mkdtempSync(join(tmpdir(), 'fleetwright-page-'));
const file = join(folder, 'drift.html');
const url = pathToFileURL(file).href;

const asked: string[] = [];
const server = createServer((request, response) => {
  asked.push(request.url ?? '');
  response.end();
});
/** A value that would like to be more than a text. */
let hostile = '';

beforeAll(async () => {
  await ensureChromium();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const act = 'document.title="pw"+"ned"';
  hostile = `</code><script>${act}</script><img src=http://127.0.0.1:${port}/x onerror=${act}> \`@all\` | $(x)`;
  writeFileSync(file, driftHtml(aDriftReport(hostile)));
}, 180_000);

afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the drift report in a browser', () => {
  it.each([
    { width: 400, dark: false },
    { width: 400, dark: true },
    { width: 1400, dark: false },
    { width: 1400, dark: true },
  ])('is quiet and asks for nothing: %j', async (window) => {
    const page = await seePage(url, window);

    expect(page.console).toEqual([]);
    expect(asked).toEqual([]);
    expect(page.dom).toContain('<h1>Drift report</h1>');
  });

  it('shows a value as the text that it is', async () => {
    const { dom } = await seePage(url, { width: 1400 });

    expect(dom).toContain(hostile.replaceAll('<', '&lt;').replaceAll('>', '&gt;'));
    expect(dom).not.toContain('pwned');
  });

  it.each([
    ['', 3],
    ['#state=open', 1],
    ['#state=ignored', 1],
    ['#kind=missing', 1],
    ['#host=host-1&text=memory limit', 2],
    ['#text=nothing+of+the+kind', 0],
  ])('shows what its address asks for: %j', async (fragment, shown) => {
    const { dom } = await seePage(`${url}${fragment}`, { width: 1400 });

    const articles = dom.match(/<article[^>]*>/g) ?? [];
    expect(articles).toHaveLength(3);
    expect(articles.filter((article) => !article.includes('hidden'))).toHaveLength(shown);
    expect(/<p id="none" hidden/.test(dom)).toBe(shown > 0);
  });
});
