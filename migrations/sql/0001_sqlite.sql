CREATE TABLE agencies (
    id INTEGER NOT NULL,
    slug VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    CONSTRAINT pk_agencies PRIMARY KEY (id),
    CONSTRAINT uq_agencies_slug UNIQUE (slug)
);

CREATE TABLE limit_hits (
    "key" VARCHAR NOT NULL,
    window BIGINT NOT NULL,
    hits INTEGER NOT NULL,
    CONSTRAINT pk_limit_hits PRIMARY KEY ("key", window)
);

CREATE TABLE outbox (
    id INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    payload JSON NOT NULL,
    due_at BIGINT NOT NULL,
    attempts INTEGER NOT NULL,
    error VARCHAR NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT pk_outbox PRIMARY KEY (id)
);

CREATE INDEX ix_outbox_due_at ON outbox (due_at);

CREATE TABLE post_keys (
    "key" VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    object_id INTEGER,
    created_at BIGINT NOT NULL,
    CONSTRAINT pk_post_keys PRIMARY KEY ("key")
);

CREATE INDEX ix_post_keys_created_at ON post_keys (created_at);

CREATE TABLE search_documents (
    id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    kind VARCHAR NOT NULL,
    object_id INTEGER NOT NULL,
    community_id INTEGER,
    is_visible BOOLEAN NOT NULL,
    is_uncounted BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    language VARCHAR NOT NULL,
    marks VARCHAR NOT NULL,
    words VARCHAR NOT NULL,
    title VARCHAR NOT NULL,
    body VARCHAR NOT NULL,
    CONSTRAINT uq_search_documents_kind_object_id UNIQUE (kind, object_id)
);

CREATE INDEX ix_search_documents_uncounted ON search_documents (id) WHERE is_uncounted = 1;

CREATE VIRTUAL TABLE search_index USING fts5(words, marks, content='search_documents', content_rowid='id', columnsize=0, tokenize='ascii');

CREATE TABLE search_terms (
    term VARCHAR NOT NULL,
    reverse VARCHAR NOT NULL,
    word VARCHAR NOT NULL,
    document_count INTEGER NOT NULL,
    CONSTRAINT pk_search_terms PRIMARY KEY (term)
)
 WITHOUT ROWID;

CREATE INDEX ix_search_terms_reverse ON search_terms (reverse);

CREATE TABLE search_totals (
    id INTEGER NOT NULL,
    document_count INTEGER NOT NULL,
    word_count INTEGER NOT NULL,
    CONSTRAINT pk_search_totals PRIMARY KEY (id)
);

CREATE TABLE tags (
    id INTEGER NOT NULL,
    slug VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    idea_count INTEGER NOT NULL,
    CONSTRAINT pk_tags PRIMARY KEY (id),
    CONSTRAINT uq_tags_slug UNIQUE (slug)
);

CREATE TABLE users (
    id INTEGER NOT NULL,
    handle VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    email VARCHAR,
    email_confirmed_at BIGINT,
    password_hash VARCHAR,
    role VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    is_employee BOOLEAN NOT NULL,
    agency_name VARCHAR NOT NULL,
    job_title VARCHAR NOT NULL,
    bio VARCHAR NOT NULL,
    trust_level INTEGER NOT NULL,
    kept_count INTEGER NOT NULL,
    unread_count INTEGER NOT NULL,
    wants_mail BOOLEAN NOT NULL,
    language VARCHAR NOT NULL,
    created_at BIGINT NOT NULL,
    source VARCHAR,
    source_id VARCHAR,
    CONSTRAINT pk_users PRIMARY KEY (id),
    CONSTRAINT uq_users_source_source_id UNIQUE (source, source_id),
    CONSTRAINT uq_users_handle UNIQUE (handle),
    CONSTRAINT uq_users_email UNIQUE (email)
);

CREATE TABLE communities (
    id INTEGER NOT NULL,
    slug VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    group_name VARCHAR NOT NULL,
    purpose VARCHAR NOT NULL,
    guidelines VARCHAR NOT NULL,
    guidelines_version INTEGER NOT NULL,
    status VARCHAR NOT NULL,
    visibility VARCHAR NOT NULL,
    posting VARCHAR NOT NULL,
    moderation VARCHAR NOT NULL,
    vote_kind VARCHAR NOT NULL,
    banner INTEGER NOT NULL,
    idea_count INTEGER NOT NULL,
    member_count INTEGER NOT NULL,
    proposed_by_id INTEGER,
    created_at BIGINT NOT NULL,
    source VARCHAR,
    source_id VARCHAR,
    CONSTRAINT pk_communities PRIMARY KEY (id),
    CONSTRAINT uq_communities_source_source_id UNIQUE (source, source_id),
    CONSTRAINT uq_communities_slug UNIQUE (slug),
    CONSTRAINT fk_communities_proposed_by_id FOREIGN KEY(proposed_by_id) REFERENCES users (id)
);

CREATE TABLE drafts (
    id INTEGER NOT NULL,
    user_id INTEGER,
    key_hash VARCHAR,
    kind VARCHAR NOT NULL,
    object_id INTEGER,
    fields JSON NOT NULL,
    updated_at BIGINT NOT NULL,
    CONSTRAINT pk_drafts PRIMARY KEY (id),
    CONSTRAINT fk_drafts_user_id FOREIGN KEY(user_id) REFERENCES users (id),
    CONSTRAINT uq_drafts_key_hash UNIQUE (key_hash)
);

CREATE INDEX ix_drafts_user_id ON drafts (user_id);

CREATE TABLE follows (
    user_id INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    object_id INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT pk_follows PRIMARY KEY (user_id, kind, object_id),
    CONSTRAINT fk_follows_user_id FOREIGN KEY(user_id) REFERENCES users (id)
);

CREATE INDEX ix_follows_kind_object_id ON follows (kind, object_id, user_id);

CREATE TABLE mail_codes (
    id INTEGER NOT NULL,
    token_hash VARCHAR NOT NULL,
    purpose VARCHAR NOT NULL,
    email VARCHAR NOT NULL,
    user_id INTEGER,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    details JSON NOT NULL,
    CONSTRAINT pk_mail_codes PRIMARY KEY (id),
    CONSTRAINT uq_mail_codes_token_hash UNIQUE (token_hash),
    CONSTRAINT fk_mail_codes_user_id FOREIGN KEY(user_id) REFERENCES users (id)
);

CREATE INDEX ix_mail_codes_email ON mail_codes (email);

CREATE INDEX ix_mail_codes_expires_at ON mail_codes (expires_at);

CREATE TABLE mails (
    id INTEGER NOT NULL,
    event VARCHAR NOT NULL,
    user_id INTEGER,
    recipient VARCHAR NOT NULL,
    is_optional BOOLEAN NOT NULL,
    subject VARCHAR NOT NULL,
    text VARCHAR NOT NULL,
    html VARCHAR NOT NULL,
    created_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    attempts INTEGER NOT NULL,
    sent_at BIGINT,
    error VARCHAR NOT NULL,
    CONSTRAINT pk_mails PRIMARY KEY (id),
    CONSTRAINT uq_mails_event UNIQUE (event),
    CONSTRAINT fk_mails_user_id FOREIGN KEY(user_id) REFERENCES users (id)
);

CREATE INDEX ix_mails_sent_at_due_at ON mails (sent_at, due_at);

CREATE INDEX ix_mails_user_id ON mails (user_id);

CREATE TABLE notifications (
    id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    event VARCHAR NOT NULL,
    kind VARCHAR NOT NULL,
    title VARCHAR NOT NULL,
    text VARCHAR NOT NULL,
    url VARCHAR NOT NULL,
    created_at BIGINT NOT NULL,
    read_at BIGINT,
    CONSTRAINT pk_notifications PRIMARY KEY (id),
    CONSTRAINT uq_notifications_user_id_event UNIQUE (user_id, event),
    CONSTRAINT fk_notifications_user_id FOREIGN KEY(user_id) REFERENCES users (id)
);

CREATE INDEX ix_notifications_user_id_id ON notifications (user_id, id);

CREATE TABLE revisions (
    id INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    object_id INTEGER NOT NULL,
    title VARCHAR NOT NULL,
    body VARCHAR NOT NULL,
    why VARCHAR NOT NULL,
    by_id INTEGER,
    created_at BIGINT NOT NULL,
    CONSTRAINT pk_revisions PRIMARY KEY (id),
    CONSTRAINT fk_revisions_by_id FOREIGN KEY(by_id) REFERENCES users (id)
);

CREATE INDEX ix_revisions_kind_object_id ON revisions (kind, object_id, id);

CREATE TABLE sessions (
    id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    token_hash VARCHAR NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    authenticated_at BIGINT NOT NULL,
    device VARCHAR NOT NULL,
    CONSTRAINT pk_sessions PRIMARY KEY (id),
    CONSTRAINT fk_sessions_user_id FOREIGN KEY(user_id) REFERENCES users (id),
    CONSTRAINT uq_sessions_token_hash UNIQUE (token_hash)
);

CREATE INDEX ix_sessions_expires_at ON sessions (expires_at);

CREATE INDEX ix_sessions_user_id ON sessions (user_id);

CREATE TABLE user_changes (
    id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    by_id INTEGER,
    kind VARCHAR NOT NULL,
    "before" VARCHAR NOT NULL,
    "after" VARCHAR NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT pk_user_changes PRIMARY KEY (id),
    CONSTRAINT fk_user_changes_user_id FOREIGN KEY(user_id) REFERENCES users (id),
    CONSTRAINT fk_user_changes_by_id FOREIGN KEY(by_id) REFERENCES users (id)
);

CREATE INDEX ix_user_changes_user_id ON user_changes (user_id);

CREATE TABLE cases (
    id INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    subject_kind VARCHAR NOT NULL,
    subject_id INTEGER NOT NULL,
    community_id INTEGER NOT NULL,
    author_id INTEGER NOT NULL,
    is_open BOOLEAN NOT NULL,
    report_count INTEGER NOT NULL,
    opened_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    claimed_by_id INTEGER,
    claimed_until BIGINT,
    closed_at BIGINT,
    details JSON NOT NULL,
    CONSTRAINT pk_cases PRIMARY KEY (id),
    CONSTRAINT fk_cases_community_id FOREIGN KEY(community_id) REFERENCES communities (id),
    CONSTRAINT fk_cases_author_id FOREIGN KEY(author_id) REFERENCES users (id),
    CONSTRAINT fk_cases_claimed_by_id FOREIGN KEY(claimed_by_id) REFERENCES users (id)
);

CREATE INDEX ix_cases_due ON cases (due_at, id) WHERE is_open = 1;

CREATE INDEX ix_cases_subject ON cases (subject_kind, subject_id);

CREATE UNIQUE INDEX uq_cases_open ON cases (kind, subject_kind, subject_id) WHERE is_open = 1;

CREATE TABLE community_agencies (
    community_id INTEGER NOT NULL,
    agency_id INTEGER NOT NULL,
    CONSTRAINT pk_community_agencies PRIMARY KEY (community_id, agency_id),
    CONSTRAINT fk_community_agencies_community_id FOREIGN KEY(community_id) REFERENCES communities (id),
    CONSTRAINT fk_community_agencies_agency_id FOREIGN KEY(agency_id) REFERENCES agencies (id)
);

CREATE INDEX ix_community_agencies_agency_id ON community_agencies (agency_id);

CREATE TABLE community_members (
    community_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    role VARCHAR NOT NULL,
    joined_at BIGINT NOT NULL,
    CONSTRAINT pk_community_members PRIMARY KEY (community_id, user_id),
    CONSTRAINT fk_community_members_community_id FOREIGN KEY(community_id) REFERENCES communities (id),
    CONSTRAINT fk_community_members_user_id FOREIGN KEY(user_id) REFERENCES users (id)
);

CREATE INDEX ix_community_members_user_id ON community_members (user_id);

CREATE TABLE community_phases (
    community_id INTEGER NOT NULL,
    starts_at BIGINT NOT NULL,
    phase VARCHAR NOT NULL,
    CONSTRAINT pk_community_phases PRIMARY KEY (community_id, starts_at),
    CONSTRAINT fk_community_phases_community_id FOREIGN KEY(community_id) REFERENCES communities (id)
);

CREATE TABLE community_tags (
    community_id INTEGER NOT NULL,
    tag_id INTEGER NOT NULL,
    CONSTRAINT pk_community_tags PRIMARY KEY (community_id, tag_id),
    CONSTRAINT fk_community_tags_community_id FOREIGN KEY(community_id) REFERENCES communities (id),
    CONSTRAINT fk_community_tags_tag_id FOREIGN KEY(tag_id) REFERENCES tags (id)
);

CREATE TABLE guidelines (
    community_id INTEGER NOT NULL,
    version INTEGER NOT NULL,
    body VARCHAR NOT NULL,
    written_by_id INTEGER,
    created_at BIGINT NOT NULL,
    CONSTRAINT pk_guidelines PRIMARY KEY (community_id, version),
    CONSTRAINT fk_guidelines_community_id FOREIGN KEY(community_id) REFERENCES communities (id),
    CONSTRAINT fk_guidelines_written_by_id FOREIGN KEY(written_by_id) REFERENCES users (id)
);

CREATE TABLE ideas (
    id INTEGER NOT NULL,
    community_id INTEGER NOT NULL,
    author_id INTEGER NOT NULL,
    title VARCHAR NOT NULL,
    slug VARCHAR NOT NULL,
    excerpt VARCHAR NOT NULL,
    language VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    is_listed BOOLEAN NOT NULL,
    is_public BOOLEAN NOT NULL,
    is_by_employee BOOLEAN NOT NULL,
    is_locked BOOLEAN NOT NULL,
    up INTEGER NOT NULL,
    down INTEGER NOT NULL,
    imported_up INTEGER NOT NULL,
    imported_down INTEGER NOT NULL,
    employee_up INTEGER NOT NULL,
    employee_down INTEGER NOT NULL,
    net INTEGER NOT NULL,
    approval DOUBLE NOT NULL,
    trending DOUBLE NOT NULL,
    contested DOUBLE NOT NULL,
    uncertainty DOUBLE NOT NULL,
    comment_count INTEGER NOT NULL,
    shuffle INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    edited_at BIGINT,
    source VARCHAR,
    source_id VARCHAR,
    source_number VARCHAR,
    CONSTRAINT pk_ideas PRIMARY KEY (id),
    CONSTRAINT uq_ideas_source_source_id UNIQUE (source, source_id),
    CONSTRAINT fk_ideas_community_id FOREIGN KEY(community_id) REFERENCES communities (id),
    CONSTRAINT fk_ideas_author_id FOREIGN KEY(author_id) REFERENCES users (id)
);

CREATE INDEX ix_ideas_approval ON ideas (approval, id) WHERE is_public = 1;

CREATE INDEX ix_ideas_author ON ideas (author_id, id);

CREATE INDEX ix_ideas_comment_count ON ideas (comment_count, id) WHERE is_public = 1;

CREATE INDEX ix_ideas_community_approval ON ideas (community_id, approval, id) WHERE is_listed = 1;

CREATE INDEX ix_ideas_community_comment_count ON ideas (community_id, comment_count, id) WHERE is_listed = 1;

CREATE INDEX ix_ideas_community_contested ON ideas (community_id, contested, id) WHERE is_listed = 1;

CREATE INDEX ix_ideas_community_created ON ideas (community_id, created_at, id) WHERE is_listed = 1;

CREATE INDEX ix_ideas_community_net ON ideas (community_id, net, id) WHERE is_listed = 1;

CREATE INDEX ix_ideas_community_shuffle ON ideas (community_id, shuffle, id) WHERE is_listed = 1;

CREATE INDEX ix_ideas_community_trending ON ideas (community_id, trending, id) WHERE is_listed = 1;

CREATE INDEX ix_ideas_community_uncertainty ON ideas (community_id, uncertainty, id) WHERE is_listed = 1;

CREATE INDEX ix_ideas_contested ON ideas (contested, id) WHERE is_public = 1;

CREATE INDEX ix_ideas_created ON ideas (created_at, id) WHERE is_public = 1;

CREATE INDEX ix_ideas_net ON ideas (net, id) WHERE is_public = 1;

CREATE INDEX ix_ideas_shuffle ON ideas (shuffle, id) WHERE is_public = 1;

CREATE INDEX ix_ideas_state ON ideas (state, id);

CREATE INDEX ix_ideas_status ON ideas (status, id);

CREATE INDEX ix_ideas_trending ON ideas (trending, id) WHERE is_public = 1;

CREATE INDEX ix_ideas_uncertainty ON ideas (uncertainty, id) WHERE is_public = 1;

CREATE TABLE comments (
    id INTEGER NOT NULL,
    idea_id INTEGER NOT NULL,
    parent_id INTEGER,
    author_id INTEGER NOT NULL,
    path VARCHAR NOT NULL,
    depth INTEGER NOT NULL,
    body VARCHAR NOT NULL,
    body_html VARCHAR NOT NULL,
    state VARCHAR NOT NULL,
    is_official BOOLEAN NOT NULL,
    is_by_employee BOOLEAN NOT NULL,
    agency_name VARCHAR NOT NULL,
    agree_count INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    edited_at BIGINT,
    source VARCHAR,
    source_id VARCHAR,
    source_hash VARCHAR,
    CONSTRAINT pk_comments PRIMARY KEY (id),
    CONSTRAINT uq_comments_source_source_id UNIQUE (source, source_id),
    CONSTRAINT fk_comments_idea_id FOREIGN KEY(idea_id) REFERENCES ideas (id),
    CONSTRAINT fk_comments_parent_id FOREIGN KEY(parent_id) REFERENCES comments (id),
    CONSTRAINT fk_comments_author_id FOREIGN KEY(author_id) REFERENCES users (id)
);

CREATE INDEX ix_comments_author_id ON comments (author_id, id);

CREATE INDEX ix_comments_idea_id_path ON comments (idea_id, path);

CREATE INDEX ix_comments_parent_id ON comments (parent_id);

CREATE TABLE decisions (
    id INTEGER NOT NULL,
    case_id INTEGER,
    subject_kind VARCHAR NOT NULL,
    subject_id INTEGER NOT NULL,
    community_id INTEGER NOT NULL,
    action VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    note VARCHAR NOT NULL,
    state_before VARCHAR NOT NULL,
    state_after VARCHAR NOT NULL,
    is_automated BOOLEAN NOT NULL,
    decided_by_id INTEGER,
    created_at BIGINT NOT NULL,
    CONSTRAINT pk_decisions PRIMARY KEY (id),
    CONSTRAINT fk_decisions_case_id FOREIGN KEY(case_id) REFERENCES cases (id),
    CONSTRAINT fk_decisions_community_id FOREIGN KEY(community_id) REFERENCES communities (id),
    CONSTRAINT fk_decisions_decided_by_id FOREIGN KEY(decided_by_id) REFERENCES users (id)
);

CREATE INDEX ix_decisions_case_id ON decisions (case_id);

CREATE INDEX ix_decisions_subject ON decisions (subject_kind, subject_id, id);

CREATE TABLE idea_tags (
    idea_id INTEGER NOT NULL,
    tag_id INTEGER NOT NULL,
    CONSTRAINT pk_idea_tags PRIMARY KEY (idea_id, tag_id),
    CONSTRAINT fk_idea_tags_idea_id FOREIGN KEY(idea_id) REFERENCES ideas (id),
    CONSTRAINT fk_idea_tags_tag_id FOREIGN KEY(tag_id) REFERENCES tags (id)
);

CREATE INDEX ix_idea_tags_tag_id_idea_id ON idea_tags (tag_id, idea_id);

CREATE TABLE idea_texts (
    idea_id INTEGER NOT NULL,
    body VARCHAR NOT NULL,
    body_html VARCHAR NOT NULL,
    why VARCHAR NOT NULL,
    why_html VARCHAR NOT NULL,
    source_url VARCHAR,
    source_data JSON,
    source_hash VARCHAR,
    CONSTRAINT pk_idea_texts PRIMARY KEY (idea_id),
    CONSTRAINT fk_idea_texts_idea_id FOREIGN KEY(idea_id) REFERENCES ideas (id)
);

CREATE TABLE reports (
    id INTEGER NOT NULL,
    case_id INTEGER NOT NULL,
    subject_kind VARCHAR NOT NULL,
    subject_id INTEGER NOT NULL,
    reporter_id INTEGER NOT NULL,
    reason VARCHAR NOT NULL,
    note VARCHAR NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT pk_reports PRIMARY KEY (id),
    CONSTRAINT uq_reports_reporter_id_subject_kind_subject_id UNIQUE (reporter_id, subject_kind, subject_id),
    CONSTRAINT fk_reports_case_id FOREIGN KEY(case_id) REFERENCES cases (id),
    CONSTRAINT fk_reports_reporter_id FOREIGN KEY(reporter_id) REFERENCES users (id)
);

CREATE INDEX ix_reports_case_id ON reports (case_id);

CREATE TABLE status_changes (
    id INTEGER NOT NULL,
    idea_id INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    note VARCHAR NOT NULL,
    by_id INTEGER,
    created_at BIGINT NOT NULL,
    CONSTRAINT pk_status_changes PRIMARY KEY (id),
    CONSTRAINT fk_status_changes_idea_id FOREIGN KEY(idea_id) REFERENCES ideas (id),
    CONSTRAINT fk_status_changes_by_id FOREIGN KEY(by_id) REFERENCES users (id)
);

CREATE INDEX ix_status_changes_idea_id ON status_changes (idea_id);

CREATE TABLE votes (
    user_id INTEGER NOT NULL,
    idea_id INTEGER NOT NULL,
    value SMALLINT NOT NULL,
    is_employee BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    CONSTRAINT pk_votes PRIMARY KEY (user_id, idea_id),
    CONSTRAINT ck_votes_value CHECK (value IN (-1, 1)),
    CONSTRAINT fk_votes_user_id FOREIGN KEY(user_id) REFERENCES users (id),
    CONSTRAINT fk_votes_idea_id FOREIGN KEY(idea_id) REFERENCES ideas (id)
)
 WITHOUT ROWID;

CREATE INDEX ix_votes_idea_id ON votes (idea_id);

CREATE TABLE comment_agreements (
    comment_id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    idea_id INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    CONSTRAINT pk_comment_agreements PRIMARY KEY (comment_id, user_id),
    CONSTRAINT fk_comment_agreements_comment_id FOREIGN KEY(comment_id) REFERENCES comments (id),
    CONSTRAINT fk_comment_agreements_user_id FOREIGN KEY(user_id) REFERENCES users (id),
    CONSTRAINT fk_comment_agreements_idea_id FOREIGN KEY(idea_id) REFERENCES ideas (id)
);

CREATE INDEX ix_comment_agreements_user_id_idea_id ON comment_agreements (user_id, idea_id);
