package energychat.examples;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import org.springframework.amqp.AmqpRejectAndDontRequeueException;
import org.springframework.amqp.core.BindingBuilder;
import org.springframework.amqp.core.Message;
import org.springframework.amqp.core.Queue;
import org.springframework.amqp.core.QueueBuilder;
import org.springframework.amqp.core.TopicExchange;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;
import org.springframework.amqp.rabbit.core.RabbitAdmin;
import org.springframework.amqp.rabbit.listener.SimpleMessageListenerContainer;

/**
 * Prints the client of every new chat: {@code ListenForChats QUEUE}.
 *
 * <p>The queue is this program's own: it keeps new chats while the program is away. Events come at least once; {@code id}
 * stays the same when one comes again.
 */
public final class ListenForChats {
  private static final ObjectMapper JSON = new ObjectMapper();

  public static void main(String[] args) {
    CachingConnectionFactory connections = new CachingConnectionFactory(URI.create(System.getenv("RABBITMQ_URL")));
    Queue queue = QueueBuilder.durable(args[0]).quorum().maxLength(100_000).build();
    RabbitAdmin admin = new RabbitAdmin(connections);
    admin.declareQueue(queue);
    // The exchange is the chat's to declare.
    admin.declareBinding(
        BindingBuilder.bind(queue).to(new TopicExchange("energy.chat")).with("energy.chat.case.opened.v1"));

    SimpleMessageListenerContainer container = new SimpleMessageListenerContainer(connections);
    container.setQueues(queue);
    // Acknowledged once it returns; the container connects anew by itself.
    container.setMessageListener(ListenForChats::take);
    container.start();
    System.out.println("listening on " + queue.getName());
  }

  private static void take(Message message) {
    JsonNode event;
    try {
      event = JSON.readTree(message.getBody());
    } catch (IOException e) {
      // It would come again and again.
      throw new AmqpRejectAndDontRequeueException("This is no event.", e);
    }
    JsonNode client = event.path("data").path("client");
    System.out.println("new chat of " + client.path("login").asText() + " (" + event.path("id").asText() + ")");
  }

  private ListenForChats() {}
}
