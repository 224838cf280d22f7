import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join, relative, sep } from 'node:path';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { lookup } from 'mrmime';
import { ConfigError } from '../config.js';
import type { PortalPages } from './portal-pages.js';

/**
 * Stands in index.html where Angular reads the nonce for its style elements: `<app-root ngCspNonce="CSP_NONCE">`. Angular's
 * build writes the attribute in small letters.
 */
const noncePlaceholder = 'CSP_NONCE';
const noncedRoot = new RegExp(` ngCspNonce="${noncePlaceholder}"`, 'i');

/** What Angular's build names by content: `main-5FBVLGL7.js`, `media/inter-XJ2KQ4VA.woff2`. */
const hashedName = /-[A-Za-z0-9_-]{8}\.[a-z0-9]+$/;

/** Best first. */
const encodings = [
  { coding: 'br', ending: '.br' },
  { coding: 'gzip', ending: '.gz' },
] as const;

/** Files are parts of pages; opened as a page of their own they may do nothing. */
const filePolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

interface PortalFile {
  readonly type: string;
  readonly etag: string;
  readonly plain: Buffer;
  readonly compressed: ReadonlyMap<string, Buffer>;
}

/**
 * A built portal. Its files are read once, so that building it anew disturbs nobody, and no path leads out of `folder`.
 *
 * - Files named by their content are kept by browsers for a year; others are asked for again, by ETag.
 * - index.html answers every navigation to what is no file, is never kept, and carries a nonce of its own each time.
 * - A file with `.br` or `.gz` beside it is sent that way to whoever accepts it.
 *
 * Fails with the name of `setting` when `folder` holds no built portal.
 */
export function portalFiles(setting: string, folder: string): PortalPages {
  const files = readFiles(setting, folder);
  const index = files.get('/index.html')?.plain.toString();
  if (index === undefined || !noncedRoot.test(index)) {
    throw new ConfigError(`${setting}: "${folder}" has no index.html of a built portal; build it with npm start`);
  }
  return (request, response) => {
    const path = pathOf(request);
    const file = path === '/index.html' ? undefined : files.get(path);
    if (file !== undefined) giveFile(path, file, request, response);
    else if (path === '/' || path === '/index.html' || isNavigation(request)) giveIndex(index, request, response);
    else {
      response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' });
      response.end('There is nothing at this address.\n');
    }
  };
}

function giveIndex(index: string, request: IncomingMessage, response: ServerResponse): void {
  const nonce = randomBytes(16).toString('base64url');
  const page = Buffer.from(index.replaceAll(noncePlaceholder, nonce));
  response.writeHead(200, {
    'cache-control': 'no-store',
    'content-length': page.length,
    'content-security-policy': pagePolicy(nonce),
    'content-type': 'text/html; charset=utf-8',
  });
  response.end(request.method === 'HEAD' ? undefined : page);
}

function giveFile(path: string, file: PortalFile, request: IncomingMessage, response: ServerResponse): void {
  const { type, etag, plain, compressed } = file;
  response.setHeader('cache-control', hashedName.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache');
  response.setHeader('content-security-policy', filePolicy);
  response.setHeader('etag', etag);
  if (compressed.size > 0) response.setHeader('vary', 'accept-encoding');
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304).end();
    return;
  }
  const accepted = acceptedCodings(request);
  const best = encodings.find(({ coding }) => accepted.has(coding) && compressed.has(coding));
  const body = (best && compressed.get(best.coding)) ?? plain;
  if (best !== undefined) response.setHeader('content-encoding', best.coding);
  response.writeHead(200, { 'content-length': body.length, 'content-type': type });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/**
 * What a page of Angular needs, and nothing more. `base-uri` is not 'none', since index.html has a base of its own: without
 * it the names of its files would not resolve below a deeper address. The Trusted Types policies are Angular's.
 */
function pagePolicy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "connect-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "media-src 'self' data:",
    "manifest-src 'self'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "object-src 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types angular angular#bundler angular#components',
  ].join('; ');
}

/** Decoded; an address that cannot be decoded names nothing. */
function pathOf({ url = '/' }: IncomingMessage): string {
  const [path = '/'] = url.split(/[?#]/, 1);
  try {
    return decodeURIComponent(path);
  } catch {
    return '';
  }
}

/** Somebody opens an address, as opposed to a page that fetches a part of itself. */
function isNavigation({ headers }: IncomingMessage): boolean {
  return headers.accept?.includes('text/html') === true;
}

function acceptedCodings({ headers }: IncomingMessage): ReadonlySet<string> {
  const offered = String(headers['accept-encoding'] ?? '').split(',');
  return new Set(
    offered.filter((item) => !/;\s*q=0(\.0*)?\s*$/.test(item)).map((item) => item.replace(/;.*/, '').trim()),
  );
}

/** By the path in the address. */
function readFiles(setting: string, folder: string): ReadonlyMap<string, PortalFile> {
  const bodies = new Map<string, Buffer>();
  try {
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || entry.name.startsWith('.')) continue;
      const file = join(entry.parentPath, entry.name);
      bodies.set(`/${relative(folder, file).split(sep).join('/')}`, readFileSync(file));
    }
  } catch {
    throw new ConfigError(`${setting}: cannot read the folder "${folder}"; check the path and its permissions`);
  }
  const isCompressed = (path: string) => encodings.some(({ ending }) => path.endsWith(ending));
  return new Map(
    [...bodies]
      .filter(([path]) => !isCompressed(path))
      .map(([path, plain]) => {
        const compressed = encodings.flatMap(({ coding, ending }) => {
          const body = bodies.get(path + ending);
          return body === undefined ? [] : [[coding, body] as const];
        });
        const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`;
        return [path, { type: typeOf(path), etag, plain, compressed: new Map(compressed) }];
      }),
  );
}

function typeOf(path: string): string {
  const type = lookup(extname(path)) ?? 'application/octet-stream';
  return /^text\/|javascript$|json$|xml$/.test(type) ? `${type}; charset=utf-8` : type;
}
