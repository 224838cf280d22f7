package energychat.examples;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;
import org.springframework.amqp.rabbit.connection.CachingConnectionFactory.ConfirmType;
import org.springframework.amqp.rabbit.connection.CorrelationData;
import org.springframework.amqp.rabbit.core.RabbitTemplate;
import org.springframework.amqp.support.converter.Jackson2JsonMessageConverter;

/**
 * Publishes one system message to one client: {@code PublishSystemMessage SOURCE ID CLIENT TEXT_EN TEXT_RO}.
 *
 * <p>The event is a String that goes through a JSON converter, as the platform's services send theirs: JSON that holds
 * JSON. The chat reads that too. Publish again with the same ID after a failure, and the client gets it once.
 */
public final class PublishSystemMessage {
  public static void main(String[] args) throws Exception {
    String source = args[0];
    String id = args[1];
    Map<String, Object> event =
        Map.of(
            "specversion", "1.0",
            "id", id,
            "source", source,
            "type", "energy.chat.system-message.v1",
            "time", Instant.now().toString(),
            "datacontenttype", "application/json",
            "data",
                Map.of(
                    "recipients", List.of(Map.of("client_id", args[2])),
                    "texts", Map.of("en", args[3], "ro", args[4]),
                    "severity", "info"));

    CachingConnectionFactory connections = new CachingConnectionFactory(URI.create(System.getenv("RABBITMQ_URL")));
    // Without confirms and returns a message may be lost on the way and nobody would know.
    connections.setPublisherConfirmType(ConfirmType.CORRELATED);
    connections.setPublisherReturns(true);
    RabbitTemplate template = new RabbitTemplate(connections);
    template.setMandatory(true);
    template.setMessageConverter(new Jackson2JsonMessageConverter());
    CorrelationData published = new CorrelationData(id);
    template.convertAndSend(
        "energy.chat.in", "system-message", new ObjectMapper().writeValueAsString(event), published);
    boolean isConfirmed = published.getFuture().get(30, TimeUnit.SECONDS).isAck();
    boolean isTaken = isConfirmed && published.getReturned() == null;
    if (isTaken) System.out.println("published " + id);
    else System.err.println("No queue took " + id + ": is the chat running on this broker? Publish it again.");
    connections.destroy();
    // Threads of the connection would keep the program for a while.
    System.exit(isTaken ? 0 : 1);
  }

  private PublishSystemMessage() {}
}
