import { Catch } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import type { Logger } from 'pino';
import { throwError } from 'rxjs';
import type { Observable } from 'rxjs';
import { ChatError } from '../chat-error.js';
import { requestContextOf } from './request-context.js';
import { StatusError, statusOf } from './status-of.js';

/**
 * The one place where an error becomes a gRPC status, for unary calls and for a stream whose Observable errors. What is
 * not expected is logged here, once, with its stack and the request id that the caller gets.
 */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  constructor(private readonly log: Logger) {}

  catch(error: unknown, host: ArgumentsHost): Observable<never> {
    const request = requestContextOf(host.getArgByIndex(1));
    const requestId = request?.id ?? 'unknown';
    if (!(error instanceof ChatError) && !(error instanceof StatusError)) {
      this.log.error({ err: error, requestId }, 'a request failed unexpectedly');
    }
    const ending = statusOf(error, requestId);
    if (request) request.reason = ending.reason;
    return throwError(() => ending);
  }
}
