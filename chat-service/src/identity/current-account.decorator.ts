import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Metadata } from '@grpc/grpc-js';
import type { ServiceAccount } from '../system-message/service-accounts.js';

const accounts = new WeakMap<Metadata, ServiceAccount>();

/** Which program the guard let in with this call's metadata. Only methods for services have one: asking else is a defect. */
export function accountOf(metadata: Metadata): ServiceAccount {
  const account = accounts.get(metadata);
  if (account === undefined) throw new Error('This call has no account: its row in the access table is not service.');
  return account;
}

/** For the guard alone. */
export function rememberAccount(metadata: Metadata, account: ServiceAccount): void {
  accounts.set(metadata, account);
}

/** A handler's parameter: the service account. Beside it the request needs `@Payload()` and the metadata `@Ctx()`. */
export const CurrentAccount = createParamDecorator((_data: unknown, context: ExecutionContext) =>
  accountOf(context.getArgByIndex(1)),
);
