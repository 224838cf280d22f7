import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { portalFiles } from './portal-files.js';

const index = `<!doctype html><style nonce="CSP_NONCE"></style><app-root ngcspnonce="CSP_NONCE"></app-root>`;
const script = 'console.log("ă");\n'.repeat(100);

let above: string;
let server: Server;

beforeAll(async () => {
  above = mkdtempSync(join(tmpdir(), 'energy-chat-files-'));
  const folder = join(above, 'browser');
  mkdirSync(join(folder, 'media'), { recursive: true });
  writeFileSync(join(above, 'secret.txt'), 'secret');
  writeFileSync(join(folder, 'index.html'), index);
  writeFileSync(join(folder, 'main-5FBVLGL7.js'), script);
  writeFileSync(join(folder, 'main-5FBVLGL7.js.br'), brotliCompressSync(script));
  writeFileSync(join(folder, 'main-5FBVLGL7.js.gz'), gzipSync(script));
  writeFileSync(join(folder, 'media', 'bell-XJ2KQ4VA.svg'), '<svg/>');
  writeFileSync(join(folder, 'favicon.ico'), 'icon');
  writeFileSync(join(folder, '.env'), 'secret');
  server = createServer(portalFiles('CLIENT_PORTAL_FILES', folder)).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => {
  server.close();
  rmSync(above, { recursive: true });
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** As it stands: fetch would tidy the path and unpack the answer. */
async function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const { port } = server.address() as AddressInfo;
  const request = httpRequest({ port, host: '127.0.0.1', path, method, headers, agent: false }).end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(Buffer.from(chunk as Buffer));
  return { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) };
}

const navigation = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

describe("a portal's files", () => {
  it('are kept for a year when their name follows from their content, else asked for again', async () => {
    const kept = 'public, max-age=31536000, immutable';
    expect((await ask('/main-5FBVLGL7.js')).headers['cache-control']).toBe(kept);
    expect((await ask('/media/bell-XJ2KQ4VA.svg')).headers['cache-control']).toBe(kept);
    const icon = await ask('/favicon.ico');
    expect(icon.headers['cache-control']).toBe('no-cache');
    const again = await ask('/favicon.ico', { 'if-none-match': String(icon.headers.etag) });
    expect(again).toMatchObject({ status: 304, headers: { 'cache-control': 'no-cache' } });
    expect(again.body).toHaveLength(0);
  });

  it('have their types', async () => {
    const types = {
      '/': 'text/html; charset=utf-8',
      '/main-5FBVLGL7.js': 'text/javascript; charset=utf-8',
      '/media/bell-XJ2KQ4VA.svg': 'image/svg+xml; charset=utf-8',
    };
    for (const [path, type] of Object.entries(types)) expect((await ask(path)).headers['content-type']).toBe(type);
  });

  it('are sent compressed to whoever accepts it, Brotli before gzip', async () => {
    const coded = async (accepted: string) => {
      const answer = await ask('/main-5FBVLGL7.js', { 'accept-encoding': accepted });
      expect(answer.headers.vary).toBe('accept-encoding');
      expect(Number(answer.headers['content-length'])).toBe(answer.body.length);
      return { coding: answer.headers['content-encoding'], body: answer.body };
    };
    expect(await coded('gzip, deflate, br, zstd')).toEqual({ coding: 'br', body: brotliCompressSync(script) });
    expect(await coded('gzip, br;q=0')).toEqual({ coding: 'gzip', body: gzipSync(script) });
    expect(await coded('identity')).toEqual({ coding: undefined, body: Buffer.from(script) });
    const svg = await ask('/media/bell-XJ2KQ4VA.svg', { 'accept-encoding': 'br' });
    expect(svg.headers['content-encoding']).toBeUndefined();
  });

  it('answer HEAD with the headers alone', async () => {
    for (const path of ['/', '/main-5FBVLGL7.js']) {
      const [head, get] = [await ask(path, {}, 'HEAD'), await ask(path)];
      expect(head.body).toHaveLength(0);
      expect(head.headers['content-length']).toBe(String(get.body.length));
    }
  });

  it.each([
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/media/../../secret.txt',
    '/..\\secret.txt',
    '/.env',
    '/%',
    '/main-5FBVLGL7.js.br',
    '/main-AAAAAAAA.js',
  ])('are not left by %s', async (path) => {
    const answer = await ask(path);
    expect(answer.status).toBe(404);
    expect(answer.body.toString()).not.toContain('secret');
  });
});

describe("a portal's page", () => {
  it('answers every navigation and is never kept', async () => {
    for (const path of ['/', '/index.html', '/conversations/7?tab=notes', '/a.b']) {
      const answer = await ask(path, navigation);
      expect(answer.status).toBe(200);
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.body.toString()).toContain('<app-root');
    }
    expect((await ask('/conversations/7')).status).toBe(404);
  });

  it('carries a nonce of its own each time, which its policy allows', async () => {
    const nonces = new Set<string>();
    for (let time = 0; time < 3; time += 1) {
      const { headers, body } = await ask('/');
      const policy = String(headers['content-security-policy']);
      const nonce = /style-src 'self' 'nonce-([\w-]{22})'/.exec(policy)?.[1] ?? 'none';
      expect(body.toString()).toBe(index.replaceAll('CSP_NONCE', nonce));
      expect(policy).toContain("script-src 'self';");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).toContain("require-trusted-types-for 'script'");
      expect(policy).not.toContain('unsafe');
      nonces.add(nonce);
    }
    expect(nonces.size).toBe(3);
  });

  it('is missed at the start, with the name of the setting', () => {
    expect(() => portalFiles('ADMIN_PORTAL_FILES', join(above, 'gone'))).toThrow(
      'ADMIN_PORTAL_FILES: cannot read the folder',
    );
    expect(() => portalFiles('ADMIN_PORTAL_FILES', above)).toThrow(
      'has no index.html of a built portal; build it with npm start',
    );
  });
});
