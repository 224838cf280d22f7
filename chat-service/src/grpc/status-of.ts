import { create, toBinary } from '@bufbuild/protobuf';
import { type Any, anyPack, durationFromMs } from '@bufbuild/protobuf/wkt';
import { ErrorInfoSchema, RetryInfoSchema } from '@energy-chat/contract/google/rpc/error_details_pb.js';
import { StatusSchema } from '@energy-chat/contract/google/rpc/status_pb.js';
import { Metadata, status } from '@grpc/grpc-js';
import { ChatError } from '../chat-error.js';
import type { ErrorKind, Reason } from '../chat-error.js';

/** What grpc-js reads from an error that ends a call: `callback(error)` or `call.emit('error', error)`. */
export class StatusError extends Error {
  override readonly name = 'StatusError';

  constructor(
    readonly code: status,
    readonly details: string,
    readonly metadata: Metadata,
    /** Of the ErrorInfo; INTERNAL when the cause was a defect. */
    readonly reason: Reason,
  ) {
    super(details);
  }
}

const DOMAIN = 'chat.energy';

const codes: Readonly<Record<ErrorKind, status>> = {
  'invalid-argument': status.INVALID_ARGUMENT,
  unauthenticated: status.UNAUTHENTICATED,
  'permission-denied': status.PERMISSION_DENIED,
  'not-found': status.NOT_FOUND,
  'failed-precondition': status.FAILED_PRECONDITION,
  aborted: status.ABORTED,
  'resource-exhausted': status.RESOURCE_EXHAUSTED,
  unavailable: status.UNAVAILABLE,
};

/**
 * A ChatError becomes its gRPC status with `grpc-status-details-bin` (google.rpc.Status holding ErrorInfo, and RetryInfo
 * where it says when to try again). Everything else becomes INTERNAL, by code and reason, and says no more than the
 * request id.
 */
export function statusOf(error: unknown, requestId: string): StatusError {
  if (error instanceof StatusError) return error;
  if (!(error instanceof ChatError)) {
    const text = `Something failed inside the chat service. Whoever runs it can find it as request ${requestId}.`;
    // With a reason, so that callers take it for the service's answer and do not try for ever.
    const defect = create(ErrorInfoSchema, {
      reason: 'INTERNAL',
      domain: DOMAIN,
      metadata: { request_id: requestId },
    });
    const metadata = detailed(status.INTERNAL, text, [anyPack(ErrorInfoSchema, defect)]);
    return new StatusError(status.INTERNAL, text, metadata, 'INTERNAL');
  }
  const code = codes[error.kind];
  // Half a surrogate pair, left by a cut text, cannot be percent-encoded for the grpc-message header.
  const message = error.message.toWellFormed();
  const info = create(ErrorInfoSchema, { reason: error.reason, domain: DOMAIN, metadata: { ...error.facts } });
  const details = [anyPack(ErrorInfoSchema, info)];
  if (error.retryAfterMs !== undefined) {
    const retryDelay = durationFromMs(Math.ceil(error.retryAfterMs));
    details.push(anyPack(RetryInfoSchema, create(RetryInfoSchema, { retryDelay })));
  }
  return new StatusError(code, message, detailed(code, message, details), error.reason);
}

function detailed(code: status, message: string, details: Any[]): Metadata {
  const metadata = new Metadata();
  const bytes = toBinary(StatusSchema, create(StatusSchema, { code, message, details }));
  metadata.set('grpc-status-details-bin', Buffer.from(bytes));
  return metadata;
}
