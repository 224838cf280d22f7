import type { Metadata, ServerUnaryCall } from '@grpc/grpc-js';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { ChatError } from '../chat-error.js';
import { requestContextOf } from '../grpc/request-context.js';
import { KEY_PREFIX, type ServiceAccount, type ServiceAccounts } from '../system-message/service-accounts.js';
import { accessTable, type Access, type Relation } from './access-table.js';
import type { Caller } from './caller.js';
import type { ConversationOwners } from './conversation-owners.port.js';
import { rememberAccount } from './current-account.decorator.js';
import { rememberCaller } from './current-caller.decorator.js';
import { edgeAudience } from './edge-audience.js';
import { namedConversations } from './named-conversations.js';
import type { VerifyAccess } from './verify-access.js';

/** Owners remembered; they never change. */
const REMEMBERED = 100_000;

/**
 * Stands before every handler: who calls, by the bearer token in `authorization`, and whether the access table lets
 * them do this to the conversations that the request names. Handlers get a person by `@CurrentCaller()`, a program by
 * `accountOf`.
 */
export class AccessGuard implements CanActivate {
  private readonly owners = new LRUCache<string, string>({ max: REMEMBERED });

  constructor(
    private readonly verifyAccess: VerifyAccess,
    private readonly conversationOwners: ConversationOwners,
    private readonly serviceAccounts: Pick<ServiceAccounts, 'accountOf'>,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const metadata = context.getArgByIndex<Metadata>(1);
    const call = context.getArgByIndex<Pick<ServerUnaryCall<unknown, unknown>, 'getPath'>>(2);
    const access = accessTable.get(call.getPath().slice(1));
    if (access === 'anyone') return true;

    const token = bearerOf(metadata, access);
    const request = requestContextOf(metadata);
    if (token?.startsWith(KEY_PREFIX)) {
      const account = this.account(token, metadata);
      if (request !== undefined) request.account = account.name;
      if (access !== 'service') {
        throw notForYou('The key of a service account is good for energy.chat.v1.SystemMessageService alone.');
      }
      rememberAccount(metadata, account);
      return true;
    }
    const caller = await this.caller(token, metadata);
    if (request !== undefined) request.personId = caller.id;
    if (access === 'service') throw notForYou('This is for programs, by the key of a service account.');
    await this.admit(caller, access?.[caller.role] ?? 'never', context.getArgByIndex<unknown>(0));
    rememberCaller(metadata, caller);
    return true;
  }

  private account(key: string, metadata: Metadata): ServiceAccount {
    // A page has no business with a key.
    const account = edgeAudience(metadata) === undefined ? this.serviceAccounts.accountOf(key) : undefined;
    if (account !== undefined) return account;
    throw new ChatError('unauthenticated', 'TOKEN_INVALID', 'This key is of no service account, or it was revoked.');
  }

  private async caller(token: string | undefined, metadata: Metadata): Promise<Caller> {
    const caller = token === undefined ? undefined : await this.verifyAccess.run(token);
    const portal = edgeAudience(metadata);
    if (caller === undefined || (portal !== undefined && portal !== caller.audience)) {
      throw new ChatError('unauthenticated', 'TOKEN_INVALID', 'This access token is not for here. Sign in.');
    }
    return caller;
  }

  private async admit(caller: Caller, relation: Relation, request: unknown): Promise<void> {
    if (relation === 'never') throw notForYou('This is not for the role that you have.');
    if (relation === 'own' && !(await this.areOwn(caller, namedConversations(request)))) {
      // The same for a conversation of somebody else and for none, so that ids cannot be tried out.
      throw new ChatError('permission-denied', 'NOT_YOURS', 'This conversation is not yours.');
    }
  }

  private async areOwn(caller: Caller, conversations: 'all' | readonly string[]): Promise<boolean> {
    if (conversations === 'all') return false;
    const owners = await Promise.all(conversations.map((id) => this.ownerOf(id)));
    return owners.every((owner) => owner === caller.id);
  }

  private async ownerOf(conversationId: string): Promise<string | undefined> {
    const known = this.owners.get(conversationId);
    if (known !== undefined) return known;
    if (!/^[!-~]{1,64}$/.test(conversationId)) return undefined;
    const owner = await this.conversationOwners.ownerOf(conversationId);
    if (owner !== undefined) this.owners.set(conversationId, owner);
    return owner;
  }
}

/** The token; undefined when the header holds no such thing. */
function bearerOf(metadata: Metadata, access: Access | undefined): string | undefined {
  const [header] = metadata.get('authorization');
  if (header !== undefined) return /^Bearer ([!-~]{1,8192})$/i.exec(header.toString())?.[1];
  const cure =
    access === 'service'
      ? 'Send the key of a service account as a bearer token.'
      : 'Sign in, then send the access token as a bearer token.';
  throw new ChatError('unauthenticated', 'TOKEN_MISSING', cure);
}

function notForYou(text: string): ChatError {
  return new ChatError('permission-denied', 'NOT_FOR_YOUR_ROLE', text);
}
