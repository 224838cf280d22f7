import { startRabbitmq } from '/tmp/dev/n-announce/scripts/services/rabbitmq.mjs';
import { RabbitmqConnection } from '/tmp/dev/n-announce/chat-service/dist/broker/rabbitmq/rabbitmq-connection.js';
import { RabbitmqAnnouncementBus } from '/tmp/dev/n-announce/chat-service/dist/broker/rabbitmq/rabbitmq-announcement-bus.js';
import { RabbitmqHints } from '/tmp/dev/n-announce/chat-service/dist/broker/rabbitmq/rabbitmq-hints.js';
import { pino } from 'pino';
import { setTimeout as wait } from 'node:timers/promises';
const b = await startRabbitmq();
const t0 = performance.now();
const say = (x) => console.log(((performance.now()-t0)/1000).toFixed(1), x);
const log = pino({ base: null, timestamp: false }, { write: (l) => say(l.trim()) });
try {
await b.control(['add_user', 'chat', 'secret']); await b.control(['set_permissions', 'chat', '.*', '.*', '.*']);
const u = new URL(b.url); u.username='chat'; u.password='secret';
const c = new RabbitmqConnection(u.href, log);
const bus = new RabbitmqAnnouncementBus(c, log);
const hints = new RabbitmqHints(c, 'one', log);
hints.listen(()=>undefined);
let n = 0;
const loop = setInterval(async () => { const o = await bus.publish([{id:`c/${++n}/x`,type:'energy.chat.case.opened.v1',subject:'c',time:'t',data:{}}]); say(`publish ${o} hints ${hints.channel.current!==undefined} ${c.state}`); hints.publish({kind:'changed',conversationId:'c',version:n,seq:n}); }, 2000);
await wait(5000);
for (const what of process.argv.slice(2)) {
  if (what==='perm') { say('PERM cleared'); await b.control(['clear_permissions','chat']); await wait(75000); await b.control(['set_permissions', 'chat', '.*', '.*', '.*']); say('PERM back'); await wait(25000); }
  if (what==='conf') { say('PERM none configure'); await b.control(['set_permissions', 'chat', '^$', '^$', '^$']); await wait(75000); await b.control(['set_permissions', 'chat', '.*', '.*', '.*']); say('PERM back'); await wait(25000); }
  if (what==='user') { say('USER deleted'); await b.control(['delete_user','chat']); await wait(10000); await b.control(['add_user', 'chat', 'secret']); await b.control(['set_permissions', 'chat', '.*', '.*', '.*']); say('USER back'); await wait(15000); }
  if (what==='pass') { say('PASS changed'); await b.control(['change_password','chat','other']); await wait(10000); await b.control(['change_password', 'chat', 'secret']); say('PASS back'); await wait(5000); }
  if (what==='disk') { say('DISK full'); await b.control(['set_disk_free_limit','999999GB']); await wait(25000); await b.control(['set_disk_free_limit','50MB']); say('DISK ok'); await wait(10000); }
}
clearInterval(loop); await hints.close(); await bus.close(); await c.close();
} finally { await b.close(); }
process.exit(0);
