import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { listen } from '../listen.js';
import type { Metrics } from './metrics.js';

/** Each part that must work before clients are sent here; rejects when it does not. */
export type ReadinessChecks = Readonly<Record<string, () => Promise<void>>>;

/** Parts that clients are served without, by whether each works now. */
export type Extras = () => readonly { readonly part: string; readonly works: boolean }[];

/** A part that has not answered by then counts as not ready. */
const checkMilliseconds = 2_000;

/**
 * For the operator's tools, on METRICS_ADDRESS: `/metrics` for Prometheus, `/livez` (200 while the process turns) and
 * `/readyz` (200, or 503; one line a part says which part is not ready; what clients are served without is named there
 * too and never makes it 503, else a broker that is away would take every replica out of service). Causes go to the log only: they may name hosts
 * and accounts. Fails when the address cannot be listened on.
 */
export async function startMetricsServer(options: {
  address: string;
  metrics: Metrics;
  checks: ReadinessChecks;
  extras?: Extras;
  log: Logger;
}): Promise<{ port: number; stop: () => Promise<void> }> {
  const { address, metrics, checks, log, extras = () => [] } = options;

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url?.split('?', 1)[0];
    if (request.method !== 'GET' && request.method !== 'HEAD') return text(response, 405, 'only GET is answered here');
    if (path === '/livez') return text(response, 200, 'ok');
    if (path === '/readyz') {
      const parts = await Promise.all(Object.entries(checks).map(([part, check]) => state(part, check, log)));
      const ready = parts.every((part) => part.ready);
      return text(
        response,
        ready ? 200 : 503,
        [
          ...parts.map((p) => `${p.part}: ${p.ready ? 'ok' : 'not ready'}`),
          ...extras().map(({ part, works }) => `${part}: ${works ? 'ok' : 'away; clients are served without it'}`),
        ].join('\n'),
      );
    }
    if (path === '/metrics') {
      const exposition = await metrics.exposition();
      response.writeHead(200, { 'content-type': exposition.contentType }).end(exposition.text);
      return;
    }
    text(response, 404, 'this port answers /metrics, /livez and /readyz');
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      log.error({ err: error }, 'the metrics server could not answer');
      if (response.headersSent) response.destroy();
      else text(response, 500, 'failed; the log says why');
    });
  });
  const port = await listen(server, 'METRICS_ADDRESS', address);
  return {
    port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function state(part: string, check: () => Promise<void>, log: Logger): Promise<{ part: string; ready: boolean }> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${checkMilliseconds} ms`)), checkMilliseconds);
  });
  try {
    await Promise.race([check(), late]);
    return { part, ready: true };
  } catch (error) {
    log.warn({ err: error, part }, 'not ready');
    return { part, ready: false };
  } finally {
    clearTimeout(timer);
  }
}

function text(response: ServerResponse, status: number, body: string): void {
  response
    .writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' })
    .end(`${body}\n`);
}
