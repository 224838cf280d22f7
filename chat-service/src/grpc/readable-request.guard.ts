import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { ChatError } from '../chat-error.js';
import { UnreadableRequest } from './contract.js';

/** Stands first: refuses bytes that are no message of the contract, which grpc-js would answer with INTERNAL. */
export class ReadableRequestGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (context.getArgByIndex<unknown>(0) instanceof UnreadableRequest) {
      throw new ChatError(
        'invalid-argument',
        'REQUEST_UNREADABLE',
        'These bytes are not a request of this method. Encode it from the published contract.',
      );
    }
    return true;
  }
}
