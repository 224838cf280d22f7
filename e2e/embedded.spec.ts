import { Code } from '@connectrpc/connect';
import { expect, test } from '@playwright/test';
import { DEMO_PASSWORD } from '../chat-service/src/database/embedded/demo-data.js';
import { CookieJar } from './support/cookie-jar.js';
import { EmbeddedDeployment } from './support/embedded-deployment.js';
import { logOf } from './support/log-of.js';
import { Page } from './support/page.js';
import { admin, client, Person } from './support/person.js';
import { refusalOf } from './support/refusal.js';
import { secretsIn } from './support/secrets.js';
import { shownCase } from './support/shown-case.js';
import { soon } from './support/soon.js';
import { nativeWay, webWay } from './support/way.js';
import { oneTo, words } from './support/words.js';

test.describe.serial('the embedded deployment', () => {
  let deployment: EmbeddedDeployment;
  const jars = { client: new CookieJar(), admin: new CookieJar() };
  const everybody: Person[] = [];

  const native = async (identity: ReturnType<typeof client>): Promise<Person> =>
    Person.signIn(identity, [nativeWay(deployment.replica)]);
  const atClientPortal = () => webWay('client portal', deployment.clientEdge, jars.client);
  const atAdminPortal = () => webWay('admin portal', deployment.adminEdge, jars.admin);

  test.beforeAll(async () => {
    deployment = await EmbeddedDeployment.start();
  });

  test.afterAll(async () => {
    for (const person of everybody) person.close();
    await deployment?.close();
  });

  const deployments = [
    {
      name: 'native gRPC',
      clientNumber: 1,
      people: async () => [await native(client(1)), await native(admin(1))] as const,
    },
    {
      name: "gRPC-Web at the portals' edges",
      clientNumber: 2,
      people: async () =>
        [
          await Person.signIn(client(2), [atClientPortal()], { refreshToken: 'cookie' }),
          await Person.signIn(admin(2), [atAdminPortal()], { refreshToken: 'cookie' }),
        ] as const,
    },
  ];
  for (const { name, clientNumber, people } of deployments) {
    test(`a client and an administrator talk over ${name}, and a killed process loses nothing`, async () => {
      const [someone, supporter] = await people();
      everybody.push(someone, supporter);
      const me = client(clientNumber);
      supporter.watchInbox();
      await soon(() => supporter.watch.status).toBe('live');

      const { conversation } = await someone.chat.getMyConversation();
      const ana = await Page.open(someone, conversation.id, 'front');
      await ana.send(words('my bill is wrong'));
      await soon(() => supporter.rows.get(conversation.id)).toMatchObject({
        client: { id: me.id, displayName: me.login },
        preview: words('my bill is wrong'),
      });

      const maria = await Page.open(supporter, conversation.id, 'background');
      await soon(() => maria.view.row?.openCase?.revision).toBe(1);
      await supporter.chat.claim(shownCase(maria));
      await maria.send(words('let me see'));
      await soon(() => ana.kinds).toEqual(['caseOpened', 'message', 'caseAssigned', 'message']);

      await test.step('typing shows within a second, each way', async () => {
        await Promise.all([someone, supporter].map(({ chat }) => chat.setTyping(conversation.id, true)));
        await soon(() => ana.view.typing.map(({ personId }) => personId), 1_000).toEqual([supporter.identity.id]);
        await soon(() => maria.view.typing.map(({ personId }) => personId), 1_000).toEqual([me.id]);
        await supporter.chat.setTyping(conversation.id, false);
        await soon(() => ana.view.typing, 1_000).toEqual([]);
      });

      await test.step('sent, delivered, read', async () => {
        const message = await ana.send(words('thank you'));
        await soon(() => ana.view.tickOf(message)).toBe('delivered');
        maria.bringToFront();
        await soon(() => ana.view.tickOf(message)).toBe('read');
      });

      const before = await logOf(someone.chat, conversation.id);
      const write = (from: number, to: number): string[] =>
        oneTo(to)
          .slice(from)
          .map((number) => ana.view.send(words(`and ${number}`)).text);
      const first = write(0, 30);
      await soon(() => ana.texts.length).toBeGreaterThan(10);
      const fifty = [...first, ...write(30, 50)];
      await deployment.replica.kill();
      await soon(() => someone.watch.status).toBe('reconnecting');
      await deployment.replica.start();

      await soon(() => ana.view.pending.length, 20_000).toBe(0);
      const after = await logOf(someone.chat, conversation.id);
      expect(after.slice(0, before.length)).toEqual(before);
      expect(after.map(({ seq }) => seq)).toEqual(oneTo(before.length + 50));
      for (const page of [ana, maria]) {
        await soon(() => page.seqs, 20_000).toEqual(oneTo(before.length + 50));
        expect(page.texts.slice(-50)).toEqual(fifty);
        await soon(() => page.view.row?.openCase?.assignee?.id).toBe(supporter.identity.id);
      }
      await soon(() => ana.view.row?.supportProgress?.unread, 10_000).toBe(0);
      expect([someone, supporter].flatMap(({ record }) => record.disorder())).toEqual([]);
      for (const { watch } of [someone, supporter]) watch.stop();
    });
  }

  test('at a portal the refresh token is a cookie out of reach of scripts, and in no message', async () => {
    const atPortal = everybody.filter(({ session }) => ['client2', 'admin2'].includes(session.me?.login ?? ''));
    expect(atPortal.flatMap(({ record }) => record.accessTokens).length).toBeGreaterThanOrEqual(2);
    expect(atPortal.flatMap(({ record }) => record.refreshTokens)).toEqual([]);
    for (const [jar, name] of [
      [jars.client, 'chat_client_rt'],
      [jars.admin, 'chat_admin_rt'],
    ] as const) {
      expect(jar.received.length).toBeGreaterThan(0);
      for (const line of jar.received) {
        expect(line).toMatch(new RegExp(`^${name}=[^;]{20,};`));
        expect(line).toMatch(/; HttpOnly/);
        expect(line).toMatch(/; SameSite=Strict/);
      }
    }

    // A reload: the page has forgotten everything, the browser has the cookie.
    const reloaded = new Person(client(2), [atClientPortal()], { refreshToken: 'cookie' });
    everybody.push(reloaded);
    expect(await reloaded.session.resume()).toBe(true);
    expect(reloaded.session.me?.login).toBe('client2');
    const { conversation } = await reloaded.chat.getMyConversation();
    expect(conversation.lastSeq).toBeGreaterThan(50);
    expect(reloaded.record.refreshTokens).toEqual([]);

    await reloaded.session.signOut();
    expect(jars.client.values).toEqual([]);
    const signedOut = new Person(client(2), [atClientPortal()], { refreshToken: 'cookie' });
    everybody.push(signedOut);
    expect(await signedOut.session.resume()).toBe(false);
  });

  test('a portal admits only its own people, after the right password', async () => {
    const stranger = new Person(client(3), [atAdminPortal()], { refreshToken: 'cookie' });
    everybody.push(stranger);
    const signIn = (password: string) => stranger.session.signIn('client3', password, stranger.identity.audience);
    expect(await refusalOf(signIn(DEMO_PASSWORD))).toMatchObject({
      code: Code.PermissionDenied,
      reason: 'WRONG_PORTAL',
    });
    expect(await refusalOf(signIn('a guess'))).toMatchObject({ code: Code.Unauthenticated });
    expect(stranger.record.accessTokens).toEqual([]);
  });

  test('its log holds no message, password, token or unexpected error', () => {
    expect(deployment.replica.log).toContain('/energy.chat.v1.ConversationService/SendMessage');
    expect(deployment.replica.log).not.toMatch(/"level":"(error|fatal)"/);
    expect(secretsIn(deployment.replica.log, everybody)).toEqual([]);
    const cookies = [jars.client, jars.admin].flatMap(({ received }) =>
      received.map((line) => line.split(/[=;]/)[1] ?? ''),
    );
    expect(cookies.filter((token) => token !== '' && deployment.replica.log.includes(token))).toEqual([]);
  });
});
