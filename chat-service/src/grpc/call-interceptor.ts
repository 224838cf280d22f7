import { Metadata, ServerInterceptingCall, status } from '@grpc/grpc-js';
import type { ServerInterceptor } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import type { Metrics } from '../metrics/metrics.js';
import { beginRequest, requestIdHeader, runRequest } from './request-context.js';
import type { RequestContext } from './request-context.js';
import { statusOf } from './status-of.js';

const worthAWarning: ReadonlySet<status> = new Set([
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.UNIMPLEMENTED,
  status.INTERNAL,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);

/** How to end each call that is open now, with UNAVAILABLE: its caller goes elsewhere. */
export type OpenCalls = Set<() => void>;

/**
 * Around every call, outside Nest: gives it its request id (answered as `x-request-id`, in every log line of the
 * handler), counts it and writes one line when it ends: debug when it went well or the caller left, else info, or warn
 * where somebody should look. Never a body, a header or a token.
 *
 * grpc-js refuses what is too large below interceptors, without a word to them: such a call
 * counts as CANCELLED, like one whose caller left.
 */
export function callInterceptor(
  log: Logger,
  metrics: Pick<Metrics, 'callEnded'>,
  openCalls: OpenCalls,
): ServerInterceptor {
  return (method, call) => {
    const startedAt = performance.now();
    let request: RequestContext | undefined;
    let answered = false;
    let ended = false;

    const end = (code: status): void => {
      if (ended) return;
      ended = true;
      const milliseconds = performance.now() - startedAt;
      metrics.callEnded(method.path, status[code], method.responseStream ? undefined : milliseconds / 1_000);
      const level =
        code === status.OK || code === status.CANCELLED ? 'debug' : worthAWarning.has(code) ? 'warn' : 'info';
      if (!log.isLevelEnabled(level)) return;
      log[level](
        {
          method: method.path,
          code: status[code],
          reason: request?.reason,
          ms: Math.round(milliseconds * 10) / 10,
          requestId: request?.id,
          personId: request?.personId,
          account: request?.account,
        },
        'call ended',
      );
    };

    const cut = (): void => {
      end(status.UNAVAILABLE);
      call.sendStatus({ code: status.UNAVAILABLE, details: 'This replica stops: try again, another one answers' });
    };
    openCalls.add(cut);

    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, pass) => {
            request = beginRequest(metadata);
            pass(metadata);
          },
          onReceiveHalfClose: (pass) => (request ? runRequest(request, pass) : pass()),
          // Also comes after every other end, when `end` has been called already.
          onCancel: () => {
            openCalls.delete(cut);
            end(Number(call.getDeadline()) <= Date.now() ? status.DEADLINE_EXCEEDED : status.CANCELLED);
          },
        }),
      sendMetadata: (metadata, next) => {
        answered = true;
        if (request) metadata.set(requestIdHeader, request.id);
        next(metadata);
      },
      sendMessage: (message: unknown, next) => {
        let passed = message;
        try {
          // Here and not in grpc-js, which would answer INTERNAL and tell nobody why. Bytes pass through it.
          if (isOurs(method.path)) passed = method.responseSerialize(message);
        } catch (error) {
          const requestId = request?.id ?? 'unknown';
          log.error({ err: error, method: method.path, requestId }, 'an answer could not be encoded');
          end(status.INTERNAL);
          call.sendStatus(statusOf(error, requestId));
          return;
        }
        next(passed);
      },
      sendStatus: (ending, next) => {
        end(ending.code);
        if (!answered && request) {
          const metadata = ending.metadata ?? new Metadata();
          metadata.set(requestIdHeader, request.id);
          next({ ...ending, metadata });
        } else next(ending);
      },
    });
  };
}

/** Only our own contract lets encoded bytes pass. */
function isOurs(path: string): boolean {
  return path.startsWith('/energy.chat.') || path.startsWith('/ChatService/');
}
