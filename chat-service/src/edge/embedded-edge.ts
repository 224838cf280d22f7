import { Code } from '@connectrpc/connect';
import { Http2SessionManager, connectNodeAdapter, createGrpcTransport } from '@connectrpc/connect-node';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { Audience } from '../identity/caller.js';
import { hostAndPort, listen } from '../listen.js';
import { forwardAll } from './forward.js';
import { portalFiles } from './portal-files.js';
import { missingPortal } from './portal-pages.js';

const settings: Readonly<Record<Audience, { address: string; files: string }>> = {
  client: { address: 'CLIENT_EDGE_ADDRESS', files: 'CLIENT_PORTAL_FILES' },
  admin: { address: 'ADMIN_EDGE_ADDRESS', files: 'ADMIN_PORTAL_FILES' },
};

/** The longest request message, in bytes, as at Envoy. */
const requestBytes = 256 * 1_024;

/** gRPC-Web puts a flag and a length before the message. */
const envelopeBytes = 5;

/** On every answer, whatever it is. Files and pages add their Content-Security-Policy. */
const securityHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

/**
 * One portal's origin without Envoy: gRPC-Web over HTTP/1.1 on `address`, forwarded to the gRPC server, and the
 * portal's pages. For `npm start` and small installations: no TLS, one process. Pages of other origins are refused with
 * 403, so that no cookie works from elsewhere. Fails with the name of the setting when `address` cannot be listened on or
 * `files` is no built portal.
 *
 * `stop` takes no new calls, and cuts what has not ended after `withinMilliseconds`.
 */
export async function startEdge(options: {
  address: string;
  audience: Audience;
  /** GRPC_ADDRESS; the gRPC server need not listen yet. */
  grpcAddress: string;
  /** The folder of the built portal; without it one page says that there is none. */
  files?: string | undefined;
  log: Logger;
}): Promise<{ port: number; stop: (withinMilliseconds: number) => Promise<void> }> {
  const { address, audience, grpcAddress, files, log } = options;
  const baseUrl = upstreamUrl(grpcAddress);
  const connection = new Http2SessionManager(baseUrl, { pingIntervalMs: 30_000, pingTimeoutMs: 10_000 });
  const upstream = createGrpcTransport({ baseUrl, sessionManager: connection, acceptCompression: [] });
  const pages = files === undefined ? missingPortal(audience) : portalFiles(settings[audience].files, files);
  const call = connectNodeAdapter({
    routes: (router) => forwardAll(router, upstream, audience),
    grpc: false,
    connect: false,
    readMaxBytes: requestBytes,
    // A compressed request could unfold to far more than its limit.
    acceptCompression: [],
  });

  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value);
    if (isForeign(request)) return refuse(response, 403, 'Pages of other origins may not call this portal.');
    if (request.method === 'GET' || request.method === 'HEAD') return pages(request, response);
    response.setHeader('allow', 'GET, HEAD, POST');
    if (request.method !== 'POST') return refuse(response, 405, 'Only GET and POST are answered here.');
    if (!/^application\/grpc-web(\+proto)?$/.test(request.headers['content-type'] ?? '')) {
      return refuse(response, 415, 'Calls are made by gRPC-Web: application/grpc-web+proto.');
    }
    const length = Number(request.headers['content-length']);
    if (!Number.isInteger(length)) return refuse(response, 411, 'A call says its Content-Length.');
    if (length > requestBytes + envelopeBytes) return refuseTooLong(request, response);
    // Else what is left of a refused request would be taken for the beginning of the next one.
    const { socket } = request;
    response.once('finish', () => request.complete || socket.destroy());
    call(request, response);
  };

  const server = createServer((request, response) => {
    try {
      answer(request, response);
    } catch (error) {
      // For example a Host header that makes no URL.
      log.info({ err: error, audience }, 'a request at the edge could not be read');
      refuse(response, 400, 'This request cannot be read.');
    }
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 15_000;
  server.keepAliveTimeout = 65_000;
  const port = await listen(server, settings[audience].address, address);

  const stop = (withinMilliseconds: number): Promise<void> =>
    new Promise((resolve) => {
      const cut = setTimeout(() => server.closeAllConnections(), withinMilliseconds);
      // A browser keeps its connection after an answer: it is closed as soon as nothing runs on it.
      const closeIdle = setInterval(() => server.closeIdleConnections(), 50);
      server.close(() => {
        clearTimeout(cut);
        clearInterval(closeIdle);
        connection.abort();
        resolve();
      });
    });
  return { port, stop };
}

/** Where to call a server that listens on `address`, in the same process. */
function upstreamUrl(address: string): string {
  const { host, port } = hostAndPort(address);
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`;
}

/** Browsers name the origin of the page with every POST; programs name none. `null` is foreign. */
function isForeign({ headers }: IncomingMessage): boolean {
  const { origin, host } = headers;
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== host;
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`);
}

/** As gRPC-Web, so that the page gets a status. First the request is read to its end, and thrown away: a browser that is
 * still sending would see a broken connection instead. */
function refuseTooLong(request: IncomingMessage, response: ServerResponse): void {
  request.resume().once('end', () => {
    response.writeHead(200, {
      'content-type': 'application/grpc-web+proto',
      'grpc-status': String(Code.ResourceExhausted),
      'grpc-message': encodeURIComponent(`A request may have ${requestBytes / 1_024} KiB at most`),
    });
    response.end();
  });
}
