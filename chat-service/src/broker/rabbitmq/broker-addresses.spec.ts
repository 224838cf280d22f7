import { describe, expect, it } from '@jest/globals';
import { BrokerAddresses } from './broker-addresses.js';

describe('the nodes of a broker', () => {
  it('are one after the other what a try connects to, with all that their URLs say', () => {
    const addresses = new BrokerAddresses(['amqp://chat:p%40ss@one:5673/a%2Fb?heartbeat=3', 'amqps://[::1]']);
    const target = addresses.target(10);
    expect({ ...target }).toEqual({
      protocol: 'amqp',
      hostname: 'one',
      port: 5673,
      username: 'chat',
      password: 'p@ss',
      vhost: 'a%2Fb',
      heartbeat: 3,
    });
    addresses.next();
    expect({ ...target }).toEqual({ protocol: 'amqps', hostname: '::1', vhost: '', heartbeat: 10 });
    addresses.next();
    expect(target.hostname).toBe('one');
  });

  it('are named without their accounts', () => {
    expect(new BrokerAddresses(['amqp://chat:secret@one/chat']).current).toBe('amqp://one/chat');
  });
});
