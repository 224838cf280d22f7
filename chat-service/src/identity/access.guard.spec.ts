import { describe, expect, it } from '@jest/globals';
import { create, type DescMethod } from '@bufbuild/protobuf';
import { SystemMessageService } from '@energy-chat/contract/system_message_pb.js';
import { Metadata } from '@grpc/grpc-js';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { ChatError } from '../chat-error.js';
import { services } from '../grpc/contract.js';
import { AccessGuard } from './access.guard.js';
import { accessTable } from './access-table.js';
import type { Caller, Role } from './caller.js';
import { ConversationOwners } from './conversation-owners.port.js';
import { accountOf } from './current-account.decorator.js';
import { callerOf } from './current-caller.decorator.js';
import type { VerifyAccess } from './verify-access.js';

const methods = [...new Set([...services, SystemMessageService])].flatMap((service) => service.methods);
const ME = '4';
const conversations = { own: 'mine', other: 'theirs', nobody: 'nowhere' } as const;
type Whose = keyof typeof conversations;
/** Who comes: a person in a role, or a program with the key of a service account. */
type Who = Role | 'service';
const account = { name: 'billing-nightly', sources: ['billing'] };
const serviceAccounts = { accountOf: (key: string) => (key === 'eck_good' ? account : undefined) };

class Owners extends ConversationOwners {
  readonly asked: string[] = [];

  ownerOf(conversationId: string): Promise<string | undefined> {
    this.asked.push(conversationId);
    return Promise.resolve(
      new Map([
        ['mine', ME],
        ['theirs', '5'],
      ]).get(conversationId),
    );
  }
}

function callerIn(role: Role): Caller {
  const audience = role === 'client' ? 'client' : 'admin';
  return {
    id: ME,
    login: 'me',
    displayName: 'Me',
    role,
    sessionId: 's1',
    generation: 0,
    audience,
    expiresAt: Number.MAX_SAFE_INTEGER,
  };
}

/** Answers whether the guard lets the call through; throws what it throws. */
async function enter(
  path: string,
  request: unknown,
  { role, headers = {}, owners = new Owners() }: { role?: Who; headers?: Record<string, string>; owners?: Owners } = {},
) {
  const verifyAccess = {
    run: (token: string) =>
      token === 'good' && role !== undefined && role !== 'service'
        ? Promise.resolve(callerIn(role))
        : Promise.reject(new Error('bad token')),
  } as unknown as VerifyAccess;
  const metadata = new Metadata();
  if (role !== undefined) metadata.set('authorization', role === 'service' ? 'Bearer eck_good' : 'Bearer good');
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  const context = new ExecutionContextHost([request, metadata, { getPath: () => `/${path}` }]);
  return { allowed: await new AccessGuard(verifyAccess, owners, serviceAccounts).canActivate(context), metadata };
}

const pathOf = (method: DescMethod): string => `${method.parent.typeName}/${method.name}`;

/** A request of this method about the conversation, where it can name one. */
function requestOf(method: DescMethod, conversationId: string): unknown {
  const names = method.input.fields.map(({ localName }) => localName);
  if (names.includes('cursors')) return create(method.input, { cursors: [{ conversationId, afterSeq: 0 }] });
  return create(method.input, names.includes('conversationId') ? { conversationId } : {});
}

/** What design section 5 says, method by method, apart from the table under test. */
function isExpected(method: DescMethod, role: Who, whose: Whose): boolean {
  const isService = method.parent.name === 'SystemMessageService';
  if (role === 'service' || isService) return role === 'service' && isService;
  const isSupport = role !== 'client';
  switch (method.parent.name) {
    case 'AuthService':
      return true;
    case 'InboxService':
      return isSupport;
    case 'ConversationService':
      if (method.name === 'GetMyConversation') return !isSupport;
      if (method.name === 'RateCase') return !isSupport && whose === 'own';
      return isSupport || whose === 'own';
    case 'ChatService':
      return true;
    default:
      throw new Error(`Say here who may call ${method.parent.name}.`);
  }
}

describe('the access table', () => {
  it('has a row for every method of the contract, and none for a method that is gone', () => {
    const ours = [...accessTable.keys()].filter((path) => !path.startsWith('grpc.'));
    expect(ours.sort()).toEqual(methods.map(pathOf).sort());
  });

  it('leaves only sign-in, refresh, health and reflection open to anyone', () => {
    const open = [...accessTable].filter(([, access]) => access === 'anyone').map(([path]) => path);
    expect(open).toEqual([
      'energy.chat.v1.AuthService/SignIn',
      'energy.chat.v1.AuthService/Refresh',
      'grpc.health.v1.Health/Check',
      'grpc.health.v1.Health/List',
      'grpc.health.v1.Health/Watch',
      'grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
      'grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo',
    ]);
  });

  const cases = methods.flatMap((method) =>
    (['client', 'admin', 'supervisor', 'service'] as const).flatMap((role) =>
      (['own', 'other', 'nobody'] as const).map((whose) => ({
        method,
        path: pathOf(method),
        role,
        whose,
        verdict: isExpected(method, role, whose) ? 'lets' : 'does not let',
      })),
    ),
  );

  // What anyone may call looks at no token.
  const guarded = cases.filter(({ path, role }) => role !== 'service' || accessTable.get(path) !== 'anyone');

  it.each(guarded)('$verdict $role through to $path of conversation: $whose', async ({ method, path, role, whose }) => {
    const entering = enter(path, requestOf(method, conversations[whose]), { role });
    if (isExpected(method, role, whose)) expect((await entering).allowed).toBe(true);
    else await expect(entering).rejects.toMatchObject({ kind: 'permission-denied' });
  });

  it.each(methods.filter((method) => accessTable.get(pathOf(method)) !== 'anyone').map(pathOf))(
    'lets nobody through to %s without a token',
    async (path) => {
      await expect(enter(path, {})).rejects.toMatchObject({ kind: 'unauthenticated', reason: 'TOKEN_MISSING' });
    },
  );
});

describe('AccessGuard', () => {
  const send = 'energy.chat.v1.ConversationService/SendMessage';
  const watch = 'energy.chat.v1.ConversationService/Watch';

  it('lets handlers know the caller', async () => {
    const { metadata } = await enter(send, { conversationId: 'mine' }, { role: 'client' });
    expect(callerOf(metadata)).toMatchObject({ id: ME, role: 'client' });
    const open = await enter('energy.chat.v1.AuthService/SignIn', {}, { role: 'client' });
    expect(() => callerOf(open.metadata)).toThrow(/no caller/);
  });

  it("answers alike for another client's conversation, for none, and for an id that cannot be", async () => {
    const refusals = await Promise.all(
      ['theirs', 'nowhere', '', 'with space', 'x'.repeat(65)].map(async (conversationId) => {
        const failure: unknown = await enter(send, { conversationId }, { role: 'client' }).catch((e: unknown) => e);
        if (!(failure instanceof ChatError)) throw new Error('The guard let it through.');
        return { reason: failure.reason, message: failure.message, facts: failure.facts };
      }),
    );
    expect(new Set(refusals.map((refusal) => JSON.stringify(refusal))).size).toBe(1);
    expect(refusals[0]).toMatchObject({ reason: 'NOT_YOURS' });
  });

  it('asks the database for an owner once, and never for an id that cannot be', async () => {
    const owners = new Owners();
    const verifyAccess = { run: () => Promise.resolve(callerIn('client')) } as unknown as VerifyAccess;
    const guard = new AccessGuard(verifyAccess, owners, serviceAccounts);
    const metadata = new Metadata();
    metadata.set('authorization', 'Bearer good');
    const call = (conversationId: string) =>
      guard.canActivate(new ExecutionContextHost([{ conversationId }, metadata, { getPath: () => `/${send}` }]));
    await call('mine');
    await call('mine');
    await expect(call('nowhere')).rejects.toThrow();
    await expect(call('nowhere')).rejects.toThrow();
    await expect(call('x y')).rejects.toThrow();
    expect(owners.asked).toEqual(['mine', 'nowhere', 'nowhere']);
  });

  it.each([
    ['own cursors', { cursors: [{ conversationId: 'mine' }], inbox: false }, true],
    ['no cursor', { cursors: [], inbox: false }, true],
    ['one foreign cursor among own', { cursors: [{ conversationId: 'mine' }, { conversationId: 'theirs' }] }, false],
    ['the inbox', { cursors: [{ conversationId: 'mine' }], inbox: true }, false],
    ['a cursor that names nothing', { cursors: [{}], inbox: false }, false],
  ])("a client's Watch with %s", async (_what, request, isAllowed) => {
    const entering = enter(watch, request, { role: 'client' });
    if (isAllowed) expect((await entering).allowed).toBe(true);
    else await expect(entering).rejects.toMatchObject({ reason: 'NOT_YOURS' });
  });

  it('bounds the cursors before it asks whose they are', async () => {
    const owners = new Owners();
    const cursors = Array.from({ length: 65 }, () => ({ conversationId: 'mine' }));
    await expect(enter(watch, { cursors, inbox: false }, { role: 'client', owners })).rejects.toMatchObject({
      kind: 'invalid-argument',
      facts: { field: 'cursors' },
    });
    expect(owners.asked).toEqual([]);
  });

  it('refuses a request that has no field for a conversation where one is needed', async () => {
    await expect(enter(send, {}, { role: 'client' })).rejects.toMatchObject({ reason: 'NOT_YOURS' });
  });

  it('refuses a method that is not in the table, to everybody', async () => {
    for (const role of ['client', 'admin', 'supervisor', 'service'] as const) {
      await expect(enter('energy.chat.v1.ConversationService/Burn', {}, { role })).rejects.toMatchObject({
        kind: 'permission-denied',
      });
    }
  });

  it.each(['good', 'Basic good', 'Bearer', `Bearer ${'x'.repeat(8_193)}`])(
    'refuses the header %.20s',
    async (header) => {
      await expect(
        enter(send, { conversationId: 'mine' }, { headers: { authorization: header } }),
      ).rejects.toMatchObject({ reason: 'TOKEN_INVALID' });
    },
  );

  it("refuses a token of one portal at the other portal's edge", async () => {
    const request = { conversationId: 'mine' };
    await expect(
      enter(send, request, { role: 'client', headers: { 'x-chat-audience': 'admin' } }),
    ).rejects.toMatchObject({ kind: 'unauthenticated', reason: 'TOKEN_INVALID' });
    await expect(
      enter(send, request, { role: 'client', headers: { 'x-chat-audience': 'client' } }),
    ).resolves.toMatchObject({ allowed: true });
  });

  describe('with the key of a service account', () => {
    const publish = 'energy.chat.v1.SystemMessageService/Publish';

    it('lets handlers know the account, and no caller', async () => {
      const { metadata } = await enter(publish, {}, { role: 'service' });
      expect(accountOf(metadata)).toEqual(account);
      expect(() => callerOf(metadata)).toThrow(/no caller/);
      const { metadata: persons } = await enter(send, { conversationId: 'mine' }, { role: 'client' });
      expect(() => accountOf(persons)).toThrow(/no account/);
    });

    it.each([publish, send])('refuses one that is unknown or revoked at %s, without repeating it', async (path) => {
      const failure: unknown = await enter(path, {}, { headers: { authorization: 'Bearer eck_bad' } }).catch(
        (error: unknown) => error,
      );
      expect(failure).toMatchObject({ kind: 'unauthenticated', reason: 'TOKEN_INVALID' });
      expect(JSON.stringify(failure) + String(failure)).not.toContain('eck_bad');
    });

    it("refuses it at a portal's edge", async () => {
      for (const portal of ['client', 'admin']) {
        await expect(
          enter(publish, {}, { role: 'service', headers: { 'x-chat-audience': portal } }),
        ).rejects.toMatchObject({ reason: 'TOKEN_INVALID' });
      }
    });
  });
});
