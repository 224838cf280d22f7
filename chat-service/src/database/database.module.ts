import { mkdirSync } from 'node:fs';
import type { DynamicModule } from '@nestjs/common';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { Database } from './database.js';
import { EmbeddedDatabase, embeddedOptions } from './embedded/embedded-database.js';
import { migrate, MysqlDatabase, mysqlOptions } from './mysql/mysql-database.js';

const READER = 'reader';

/** While the database is away at boot: ten tries, three seconds apart. */
const RETRIES = { retryAttempts: 10, retryDelay: 3_000 };

/** The chat's own database: MySQL or MariaDB by URL, else SQLite in `directory`; its tables are brought up to date. */
export class DatabaseModule {
  static forRoot(url: string | undefined, directory: string): DynamicModule {
    return url === undefined ? this.embedded(directory) : this.mysql(url);
  }

  private static mysql(url: string): DynamicModule {
    return {
      module: DatabaseModule,
      imports: [
        TypeOrmModule.forRootAsync({
          useFactory: () => ({ ...mysqlOptions(url), ...RETRIES }),
          dataSourceFactory: (options) => opened(options, migrate),
        }),
      ],
      providers: [
        {
          provide: Database,
          useFactory: (dataSource: DataSource) => new MysqlDatabase(dataSource),
          inject: [DataSource],
        },
      ],
      exports: [Database],
    };
  }

  private static embedded(directory: string): DynamicModule {
    // People's conversations: for this account alone.
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return {
      module: DatabaseModule,
      imports: [
        TypeOrmModule.forRootAsync({
          useFactory: () => embeddedOptions(directory, 'writer'),
          dataSourceFactory: (options) => opened(options, (dataSource) => dataSource.runMigrations()),
        }),
        TypeOrmModule.forRootAsync({
          name: READER,
          // Reads only: the writer must have made the file.
          inject: [DataSource],
          useFactory: () => embeddedOptions(directory, 'reader'),
        }),
      ],
      providers: [
        {
          provide: Database,
          useFactory: (writer: DataSource, reader: DataSource) => new EmbeddedDatabase(writer, reader),
          inject: [DataSource, getDataSourceToken(READER)],
        },
      ],
      exports: [Database],
    };
  }
}

async function opened(
  options: DataSourceOptions | undefined,
  prepare: (dataSource: DataSource) => Promise<unknown>,
): Promise<DataSource> {
  if (options === undefined) throw new Error('The database has no options');
  const dataSource = await new DataSource(options).initialize();
  try {
    await prepare(dataSource);
    return dataSource;
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
}
