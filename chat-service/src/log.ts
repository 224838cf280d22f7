import type { LoggerService } from '@nestjs/common';
import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import type { Config } from './config.js';
import { requestContext } from './grpc/request-context.js';

/** Fields that must never be written. Nobody should log them; this is the second belt, one and two levels deep. */
const secrets = [
  'authorization',
  'cookie',
  'set-cookie',
  'password',
  'passwordHash',
  'password_hash',
  'token',
  'accessToken',
  'access_token',
  'refreshToken',
  'refresh_token',
];

/**
 * One JSON object a line, to standard output unless `destination` is given. A line written while a request is answered
 * carries its `requestId`. Of an error only type, text, code, stack and causes are written: database drivers hang
 * statements and their values on it.
 */
export function createLogger(
  config: Pick<Config, 'LOG_LEVEL' | 'REPLICA_NAME'>,
  destination: DestinationStream = pino.destination({ fd: 1, sync: false }),
): Logger {
  return pino(
    {
      level: config.LOG_LEVEL,
      base: { replica: config.REPLICA_NAME },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => {
        const request = requestContext();
        return request ? { requestId: request.id } : {};
      },
      redact: { paths: secrets.flatMap((name) => [`["${name}"]`, `*["${name}"]`]), censor: '[secret]' },
      serializers: { err: (error: unknown) => plainError(error) },
    },
    destination,
  );
}

function plainError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) };
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...('code' in error ? { code: error.code } : {}),
    ...(error.cause === undefined || depth === 3 ? {} : { cause: plainError(error.cause, depth + 1) }),
  };
}

/** Nest's own lines in the same log. Its chatter about modules and routes is debug here. */
export class NestLog implements LoggerService {
  constructor(private readonly to: Logger) {}

  log(message: unknown, context?: unknown): void {
    this.to.debug({ context }, String(message));
  }

  warn(message: unknown, context?: unknown): void {
    this.to.warn({ context }, String(message));
  }

  error(message: unknown, ...more: unknown[]): void {
    const context = more.at(-1);
    if (message instanceof Error) this.to.error({ err: message, context }, message.message);
    else this.to.error({ context, ...(more.length > 1 ? { stack: more[0] } : {}) }, String(message));
  }
}
