import { describe, expect, it } from '@jest/globals';
import { brokerServers, mysqlServers } from './several-servers.js';

describe('a setting that names several servers', () => {
  it('gives one URL a host of a database, with the account and the schema of all', () => {
    expect(mysqlServers('mysql://chat:p%40s,s@one:3306, two,[::1]:3307/chat')).toEqual([
      'mysql://chat:p%40s,s@one:3306/chat',
      'mysql://chat:p%40s,s@two/chat',
      'mysql://chat:p%40s,s@[::1]:3307/chat',
    ]);
    expect(mysqlServers('mysql://one/chat')).toEqual(['mysql://one/chat']);
  });

  it('gives the URLs of brokers as they stand, also with a comma in a password', () => {
    expect(brokerServers('amqp://chat:a,b@one/v, amqps://chat:c@two:5671')).toEqual([
      'amqp://chat:a,b@one/v',
      'amqps://chat:c@two:5671',
    ]);
    expect(brokerServers('amqp://one')).toEqual(['amqp://one']);
  });
});
