//! The program; what it does is in [`trainer::run`].

fn main() -> anyhow::Result<()> {
    trainer::run()
}
