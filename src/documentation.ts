import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { describeSecurity } from 'nest-latchkey/openapi';

/** `/docs` for people, `/openapi.json` for tools. Which token a route wants is read from its guard, not written twice. */
export function setUpDocumentation(app: INestApplication): void {
  const config = new DocumentBuilder().setTitle('Latchkey reference application').setVersion('0.1.0').build();
  const document = () => describeSecurity(app, SwaggerModule.createDocument(app, config));
  SwaggerModule.setup('docs', app, document, { jsonDocumentUrl: 'openapi.json' });
}
