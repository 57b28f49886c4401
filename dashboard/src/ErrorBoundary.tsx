/** A mistake of ours in the page itself: said, with a way on. */

import { Button, Container, Text, Title } from "@mantine/core";
import { Component, type ReactNode } from "react";

export class ErrorBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return <Mistake />;
  }
}

/** Without the language that was chosen: what knows it may be what went wrong. */
export function Mistake(): ReactNode {
  return (
    <Container size="xs" py="xl" role="alert">
      <Title order={1}>MyBCAT</Title>
      <Text my="md">
        The page has made a mistake. Nothing that was confirmed is lost. · La página cometió un error. Nada de lo
        confirmado se pierde.
      </Text>
      <Button onClick={() => window.location.reload()}>Reload · Recargar</Button>
    </Container>
  );
}
