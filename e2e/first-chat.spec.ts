import { create } from '@bufbuild/protobuf';
import { Code, createClient } from '@connectrpc/connect';
import { createGrpcWebTransport } from '@connectrpc/connect-web';
import { AuthService } from '@energy-chat/contract/auth_pb.js';
import { ChatMessageSchema, ChatService } from '@energy-chat/contract/chat_pb.js';
import { type Browser, expect, type Page as BrowserPage, test } from '@playwright/test';
import { createServer } from 'node:http';
import { DEMO_PASSWORD } from '../chat-service/src/database/embedded/demo-data.js';
import type { Envoy } from '../scripts/services/envoy.mjs';
import { freePort } from '../scripts/services/network.mjs';
import { ownFolder } from '../scripts/services/server-process.mjs';
import { NativeFirstChat } from './first-chat/native-client.js';
import { launchBrowser } from './support/browser.js';
import { CookieJar } from './support/cookie-jar.js';
import { type Edge, embeddedEdge, envoyEdge } from './support/edge.js';
import { Page } from './support/page.js';
import { admin, client, type Identity, Person } from './support/person.js';
import { refusalOf } from './support/refusal.js';
import { RefusingService } from './support/refusing-service.js';
import { Replica } from './support/replica.js';
import { soon } from './support/soon.js';
import { bundled, pageOf } from './support/tab-bundle.js';
import { Undo } from './support/undo.js';
import { webWay } from './support/way.js';

/** Clients that know only the fields of the first contract, and portals of today, on one service behind Envoy. */
test.describe('the first chat', () => {
  const undo = new Undo();
  let envoy: Envoy;
  let embedded: Edge;
  let browser: Browser;
  let origin: string;

  test.beforeAll(async () => {
    const folder = ownFolder('e2e');
    undo.later(() => Promise.resolve(folder.release()));
    const settings = { DATA_DIRECTORY: folder.path, HEARTBEAT_SECONDS: '2' };
    const replica = await Replica.make('first-chat', folder.path, settings);
    undo.later(() => replica.kill());
    await replica.start();
    embedded = await embeddedEdge(replica.address);
    undo.later(() => embedded.close());
    const port = await freePort();
    origin = `http://localhost:${port}`;
    const body = pageOf(await bundled(new URL('./first-chat/browser-page.ts', import.meta.url)));
    const files = createServer((_, response) => response.setHeader('content-type', 'text/html').end(body));
    await new Promise<void>((resolve) => files.listen(port, 'localhost', resolve));
    undo.later(() => new Promise((resolve) => files.close(resolve).closeAllConnections()));
    envoy = await envoyEdge([replica.address], { ALLOWED_ORIGINS: origin });
    undo.later(() => envoy.close());
    browser = await launchBrowser();
    undo.later(() => browser.close());
    await soon(() => tokenOf(client(8)).then(Boolean, () => false), 10_000).toBe(true);
  });

  test.afterAll(() => undo.all());

  async function tokenOf({ login, audience }: Identity): Promise<string> {
    const auth = createClient(AuthService, createGrpcWebTransport({ baseUrl: `http://${envoy.openEdge}` }));
    return (await auth.signIn({ login, password: DEMO_PASSWORD, audience })).accessToken;
  }

  /** A page of another origin than the service's. */
  async function firstPage(token: string): Promise<BrowserPage> {
    const page = await (await browser.newContext()).newPage();
    await page.goto(origin);
    await page.evaluate(([edge, value]) => Object.assign(window.firstChat, { edge, token: value }), [
      `http://${envoy.openEdge}`,
      token,
    ] as const);
    undo.later(() => page.context().close());
    return page;
  }

  async function receiveIn(page: BrowserPage, login: string): Promise<void> {
    const before = await page.evaluate(() => window.firstChat.liveStreams);
    await page.evaluate((name) => window.firstChat.receive(name), login);
    await soon(() => page.evaluate(() => window.firstChat.liveStreams)).toBe(before + 1);
  }

  async function native(identity?: Identity): Promise<NativeFirstChat> {
    const made = new NativeFirstChat(envoy.openEdge, identity && (await tokenOf(identity)));
    undo.later(() => Promise.resolve(made.close()));
    return made;
  }

  /** Somebody of today, in their portal. */
  async function atPortal(identity: Identity, address: string): Promise<Person> {
    const person = await Person.signIn(identity, [webWay('portal', address, new CookieJar())]);
    undo.later(() => Promise.resolve(person.close()));
    return person;
  }

  /** By the fields of today, in gRPC-Web binary. */
  async function today(identity: Identity, address = envoy.openEdge) {
    const headers = { authorization: `Bearer ${await tokenOf(identity)}` };
    return { chat: createClient(ChatService, createGrpcWebTransport({ baseUrl: `http://${address}` })), headers };
  }

  const spoken = (stream: readonly { from: string; msg: string }[] | undefined) =>
    stream?.map(({ from, msg }) => `${from}: ${msg}`);

  test("a client's page and program talk with an administrator at the portal, and see nothing but messages", async () => {
    const page = await firstPage(await tokenOf(client(1)));
    const program = await native(client(1));
    const support = await atPortal(admin(1), envoy.adminEdge);
    support.watchInbox();
    await soon(() => support.watch.status).toBe('live');
    await receiveIn(page, 'client1');
    await receiveIn(page, 'client1');
    await program.receive();
    const everywhere = async (lines: readonly string[]): Promise<void> => {
      const streams = async () => [...(await page.evaluate(() => window.firstChat.streams)), ...program.streams];
      await soon(async () => (await streams()).map(spoken)).toEqual([lines, lines, lines]);
      for (const { time } of (await streams()).flat()) expect(time).toMatch(/^20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC$/);
    };

    expect(await page.evaluate(() => window.firstChat.join('client1'))).toMatchObject({ status: '0' });
    expect(await program.join('client1')).toMatchObject({ error: 1 });
    expect(await page.evaluate(() => window.firstChat.send('client1', 'My bill is wrong ☹'))).toMatchObject({
      status: '0',
    });
    await everywhere(['client1: My bill is wrong ☹']);

    const [row] = await soonRow(support);
    const thread = await Page.open(support, row?.id ?? '', 'front');
    await soon(() => thread.texts).toEqual(['My bill is wrong ☹']);
    await support.chat.setTyping(thread.view.conversationId, true);
    await thread.send('I look at it');
    await everywhere(['client1: My bill is wrong ☹', 'admin1: I look at it']);
    await support.chat.setTyping(thread.view.conversationId, true);
    await program.send('', 'Thank you');
    const lines = ['client1: My bill is wrong ☹', 'admin1: I look at it', 'client1: Thank you'];
    await everywhere(lines);
    // The portal shows it, and says that it was read.
    await soon(() => thread.texts).toEqual(lines.map((line) => line.slice(line.indexOf(' ') + 1)));
    await soon(() => support.rows.get(thread.view.conversationId)?.supportProgress?.unread).toBe(0);
    await page.evaluate(() => window.firstChat.send('Client1', 'Bye'));
    await everywhere([...lines, 'client1: Bye']);
    expect(await page.evaluate(() => window.firstChat.userNames())).toEqual(['client1', 'Support']);
  });

  test('an administrator of the first chat talks with a client at the portal', async () => {
    const support = await native(admin(2));
    await support.receive();
    const asker = await atPortal(client(2), envoy.clientEdge);
    const { conversation } = await asker.chat.getMyConversation();
    const thread = await Page.open(asker, conversation.id, 'front');
    await thread.send('Is there an outage?');
    await soon(() => support.streams.map(spoken)).toEqual([['client2: Is there an outage?']]);
    expect(await support.users()).toMatchObject({ users: expect.arrayContaining([{ id: '5', name: 'client2' }]) });

    // The old contract cannot say for whom: nothing is guessed.
    await expect(support.send('admin2', 'Until noon')).rejects.toMatchObject({
      code: Code.FailedPrecondition,
      details: 'to: name the client by their login.',
    });
    const { chat, headers } = await today(admin(2));
    const refused = await refusalOf(chat.sendMsg({ msg: 'Until noon' }, { headers }));
    expect(refused).toMatchObject({ reason: 'RECIPIENT_MISSING', facts: { field: 'to' } });
    await chat.sendMsg({ from: 'ADMIN2', msg: 'Until noon', to: 'client2' }, { headers });
    await soon(() => thread.texts).toEqual(['Is there an outage?', 'Until noon']);
    await soon(() => support.streams.map(spoken)).toEqual([['client2: Is there an outage?', 'admin2: Until noon']]);
  });

  test('nobody speaks for somebody else, or without a token', async () => {
    const page = await firstPage(await tokenOf(client(3)));
    const foreign = await page.evaluate(() => window.firstChat.send('client4', 'Not me'));
    expect(foreign).toEqual({
      status: String(Code.PermissionDenied),
      message: 'You are signed in as client3: leave from empty, or send that.',
    });
    const program = await native(client(3));
    await expect(program.send('admin1', 'Not me')).rejects.toMatchObject({ code: Code.PermissionDenied });
    for (const token of ['', 'unknown']) {
      const stranger = await firstPage(token);
      const { status } = await stranger.evaluate(() => window.firstChat.send('', 'Hello'));
      expect(status).toBe(String(Code.Unauthenticated));
    }
    await expect((await native()).send('client3', 'Hello')).rejects.toMatchObject({ code: Code.Unauthenticated });
  });

  test('the embedded edge speaks it in gRPC-Web binary', async () => {
    const { chat, headers } = await today(client(5), embedded.clientEdge);
    const left = new AbortController();
    const heard: string[] = [];
    const stream = chat.receiveMsg({}, { headers, signal: left.signal });
    const reading = (async () => {
      for await (const { from, msg } of stream) heard.push(`${from}: ${msg}`);
    })();
    await soon(async () => (await chat.join({ name: 'client5' }, { headers })).error).toBe(1);
    await chat.sendMsg(create(ChatMessageSchema, { msg: 'By the small edge' }), { headers });
    await soon(() => heard).toEqual(['client5: By the small edge']);
    left.abort();
    expect((await refusalOf(reading)).code).toBe(Code.Canceled);
  });

  test('lets pages of the allowed origin send a token, and no others', async () => {
    const preflight = async (from: string) => {
      const { headers } = await fetch(`http://${envoy.openEdge}/ChatService/sendMsg`, {
        method: 'OPTIONS',
        headers: {
          origin: from,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'authorization,content-type,x-grpc-web',
        },
      });
      return [headers.get('access-control-allow-origin'), headers.get('access-control-allow-headers')?.split(',')];
    };
    expect(await preflight(origin)).toEqual([origin, expect.arrayContaining(['authorization', 'content-type'])]);
    expect((await preflight('https://elsewhere.example'))[0]).toBeNull();
  });

  test('is never sent twice by Envoy, as a call of today may be', async () => {
    const refusing = await RefusingService.start();
    undo.later(() => refusing.close());
    const other = await envoyEdge([refusing.address]);
    undo.later(() => other.close());
    const transport = createGrpcWebTransport({ baseUrl: `http://${other.openEdge}` });
    // Until Envoy has seen that it is healthy.
    const calls = (path: string) => refusing.paths.filter((seen) => seen === path).length;
    await soon(async () => {
      await refusalOf(createClient(AuthService, transport).getMe({}));
      return calls('/energy.chat.v1.AuthService/GetMe');
    }, 10_000).toBeGreaterThan(1);
    await refusalOf(createClient(ChatService, transport).sendMsg({ msg: 'Once' }));
    expect(calls('/ChatService/sendMsg')).toBe(1);
  });

  /** The rows that wait, once there is one. */
  async function soonRow(support: Person) {
    await soon(() => support.rows.size).toBeGreaterThan(0);
    return [...support.rows.values()];
  }
});
