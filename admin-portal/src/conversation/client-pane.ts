import { Component, computed, inject, input } from '@angular/core';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import { Languages } from '@energy-chat/client/angular/language/languages.js';
import { Texts } from '@energy-chat/client/angular/language/texts.js';
import type { OpenConversation } from '../desk/open-conversations.js';
import { InboxStore } from '../inbox/inbox-store.js';
import { Avatar } from '../shell/avatar.js';
import { topicKey } from './topic-key.js';

/** Who the client is, and the case that is open. */
@Component({
  selector: 'admin-client-pane',
  imports: [Avatar],
  template: `
    <div class="face">
      <admin-avatar [name]="name()" [of]="client()?.id ?? ''" />
      <h2>
        <bdi>{{ name() }}</bdi>
      </h2>
      @if (conversation().store.otherSideThere() !== undefined) {
        <p class="presence" [class.is-there]="conversation().store.otherSideThere()">
          {{ texts.say(conversation().store.otherSideThere() ? 'conversation.online' : 'conversation.offline') }}
        </p>
      }
    </div>
    <h3>{{ texts.say('client.title') }}</h3>
    <dl>
      <dt>{{ texts.say('client.id') }}</dt>
      <dd>{{ client()?.id }}</dd>
      <dt>{{ texts.say('client.login') }}</dt>
      <dd>
        <bdi>{{ client()?.login }}</bdi>
      </dd>
    </dl>
    <h3>{{ texts.say('client.case') }}</h3>
    @if (openCase(); as shown) {
      <dl>
        <dt>{{ texts.say('client.caseNumber') }}</dt>
        <dd>{{ shown.number }}</dd>
        <dt>{{ texts.say('client.topic') }}</dt>
        <dd>{{ texts.say(topic() ?? 'topic.other') }}</dd>
        <dt>{{ texts.say('client.opened') }}</dt>
        <dd>{{ opened() }}</dd>
        <dt>{{ texts.say('client.assignee') }}</dt>
        <dd>
          <bdi>{{ shown.assignee?.displayName ?? texts.say('client.nobody') }}</bdi>
        </dd>
      </dl>
    } @else {
      <p class="none">{{ texts.say('client.noCase') }}</p>
    }
  `,
  styleUrl: './client-pane.css',
})
export class ClientPane {
  readonly conversation = input.required<OpenConversation>();

  private readonly inbox = inject(InboxStore);
  private readonly languages = inject(Languages);
  protected readonly texts = inject(Texts);

  private readonly row = computed(() => this.conversation().store.row() ?? this.inbox.row(this.conversation().id));
  protected readonly client = computed(() => this.row()?.client);
  protected readonly name = computed(() => this.client()?.displayName ?? '');
  protected readonly openCase = computed(() => this.row()?.openCase);
  protected readonly topic = computed(() => topicKey(this.openCase()?.topic));
  protected readonly opened = computed(() => {
    const time = this.openCase()?.openedTime;
    const format = new Intl.DateTimeFormat(this.languages.locale(), {
      dateStyle: 'medium',
      timeStyle: 'short',
    });
    return time && format.format(timestampMs(time));
  });
}
