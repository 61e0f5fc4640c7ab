// Words as Markdown. Nothing in them does anything: HTML stays text, links lead only to pages and only when pressed, and
// no picture is loaded, because asking for it would tell its server that somebody has read this.
import Markdown, { type Components } from "react-markdown";
import { Foreign, legible } from "@/parts/foreign";
import { conversations } from "@/texts/en/conversations";
import classes from "./conversations.module.css";

const WEB = /^https?:\/\//i;

const components: Components = {
  a: ({ href, children }) =>
    href && WEB.test(href) ? (
      <a href={href} target="_blank" rel="noopener noreferrer nofollow" title={href}>
        {children}
      </a>
    ) : (
      <span>{children}</span>
    ),
  img: ({ alt, src }) => (
    <Foreign text={`[${conversations.panel.pictureAt}${alt ? `: ${alt}` : ""}${src ? ` · ${src}` : ""}]`} />
  ),
  pre: ({ children }) => (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
    <pre tabIndex={0}>{children}</pre>
  ),
  // Headings of what was said are not headings of the page.
  h1: ({ children }) => <p className={classes.heading}>{children}</p>,
  h2: ({ children }) => <p className={classes.heading}>{children}</p>,
  h3: ({ children }) => <p className={classes.heading}>{children}</p>,
  h4: ({ children }) => <p className={classes.heading}>{children}</p>,
  h5: ({ children }) => <p className={classes.heading}>{children}</p>,
  h6: ({ children }) => <p className={classes.heading}>{children}</p>,
};

export function MarkdownText({ text }: { text: string }) {
  return (
    <Markdown components={components} urlTransform={(url) => url}>
      {legible(text)}
    </Markdown>
  );
}
