import { createGrpcTransport } from '@connectrpc/connect-node';
import { createGrpcWebTransport } from '@connectrpc/connect-web';
import { Session, Chat, Watch, ConversationView } from '@energy-chat/client';
import { Audience } from '@energy-chat/contract/auth_pb.js';
import { InboxFilter } from '@energy-chat/contract/inbox_pb.js';
const until = async (what, cond, ms = 30000) => { const end = Date.now() + ms; while (!cond()) { if (Date.now() > end) { console.log('NOT', what); return false; } await new Promise(r => setTimeout(r, 20)); } console.log('ok ', what); return true; };
async function person(transport, login, audience, opt) {
  const session = new Session(transport, opt);
  await session.signIn(login, 'energy-demo', audience);
  const watch = new Watch(transport, session, {silenceMs: 6000});
  return { session, chat: new Chat(transport, session), watch };
}
const web = process.argv[2] === 'web';
let jar = {};
const cookieFetch = (name) => async (url, init) => { const h = new Headers(init.headers); if (jar[name]) h.set('cookie', jar[name]); const r = await fetch(url, { ...init, headers: h }); const c = r.headers.getSetCookie?.(); if (c?.length) jar[name] = c[0].split(';')[0]; return r; };
const tC = web ? createGrpcWebTransport({ baseUrl: 'http://127.0.0.1:19391', fetch: cookieFetch('c') }) : createGrpcTransport({ baseUrl: 'http://127.0.0.1:19390' });
const tA = web ? createGrpcWebTransport({ baseUrl: 'http://127.0.0.1:19392', fetch: cookieFetch('a') }) : createGrpcTransport({ baseUrl: 'http://127.0.0.1:19390' });
const opt = web ? { refreshToken: 'cookie' } : {};
const ana = await person(tC, web ? 'client2' : 'client1', Audience.CLIENT, opt);
const maria = await person(tA, 'admin1', Audience.ADMIN, opt);
const rows = new Map(); const statuses = [];
maria.watch.listen({ conversation: r => rows.set(r.id, r), status: s => statuses.push('m ' + s), refused: e => console.log('refused', e.reason, e.message) });
ana.watch.listen({ status: s => statuses.push('a ' + s), refused: e => console.log('refused', e.reason, e.message) });
maria.watch.setInbox(true); maria.watch.start();
const { conversation } = await ana.chat.getMyConversation();
const va = new ConversationView(conversation.id, ana); ana.watch.start(); await va.open();
va.send('Why is my bill so high?'); 
await until('client sees own message', () => va.entries.length >= 2 && va.pending.length === 0);
await until('inbox row', () => rows.get(conversation.id)?.openCase !== undefined);
const list = await maria.chat.listConversations({ filter: InboxFilter.WAITING });
console.log('waiting', list.conversations.map(c => [c.client.displayName, c.preview]));
const vm = new ConversationView(conversation.id, maria); await vm.open();
await until('admin sees row', () => vm.row !== undefined);
console.log('present to admin', vm.otherSidePresent, 'to client', va.otherSidePresent);
await until('delivered tick', () => va.entries.some(e => va.tickOf(e) === 'delivered'));
ana.chat.typing(conversation.id);
await until('typing seen', () => vm.typing.length === 1);
await until('typing over', () => vm.typing.length === 0, 8000);
vm.send('Hello, let me look.');
await until('claimed by answering', () => vm.row?.openCase?.assignee !== undefined && vm.pending.length === 0);
console.log('assignee', vm.row?.openCase?.assignee?.displayName, vm.pending.map(p => [p.state, p.error?.reason]));
vm.seen(999);
await until('client sees answer', () => va.entries.some(e => e.content.value?.text?.startsWith('Hello')));
await until('read tick', () => va.entries.some(e => va.tickOf(e) === 'read'));
const other = await person(tA, 'admin2', Audience.ADMIN, web ? {} : {});
try { await other.chat.claim({ conversationId: conversation.id, caseId: vm.row.openCase.id, revision: 1 }); } catch (e) { console.log('second claim', e.reason, e.facts); }
try { await other.chat.sendMessage(conversation.id, 'x'); } catch (e) { console.log('second reply', e.reason, e.facts); }
for (let i = 0; i < 30; i++) { va.send('m' + i); }
await until('30 more', () => va.pending.length === 0 && va.entries.at(-1).seq === vm.entries.at(-1).seq);
console.log('seqs ok', va.entries.every((e, i, a) => i === 0 || e.seq === a[i - 1].seq + 1), va.entries.length, vm.entries.length);
// live for 30 s over token expiry (20 s)
const stop = Date.now() + 30000; let n = 0;
while (Date.now() < stop) { va.send('t' + n++); await new Promise(r => setTimeout(r, 500)); }
await until('all there', () => va.pending.length === 0 && vm.entries.at(-1).seq === va.entries.at(-1).seq);
console.log('statuses', statuses.join(', '), 'unread', vm.row?.supportProgress?.unread);
console.log('first history', (await ana.chat.listEntries({conversationId: conversation.id, pageSize: 3})).entries.map(e => [e.seq, e.content.case]));
va.close(); vm.close();
try { await maria.chat.close({ conversationId: conversation.id, caseId: vm.row.openCase.id, revision: vm.row.openCase.revision }, 1, {reason: 'x'}); } catch (e) { console.log('close unseen', e.reason, e.facts); }
await maria.chat.close({ conversationId: conversation.id, caseId: vm.row.openCase.id, revision: vm.row.openCase.revision }, vm.entries.at(-1).seq, { reason: 'done' });
for (const p of [ana, maria]) { p.watch.stop(); await p.session.signOut(); }
other.session.close();
console.log('done');
